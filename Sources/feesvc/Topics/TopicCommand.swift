import ArgumentParser

/// `feesvc topic`.
struct TopicCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topic", abstract: "Make topics in which not everybody publishes, and say who does.",
        discussion: """
            In an open topic everybody may publish who pays. A closed topic's id commits to its owner and a rule: the owner alone, \
            or the members of a list that the owner signs. Every message in it carries its author's proof, and all nodes \
            check it; they need not ask anybody.

            The owner:     feesvc topic create --owner 0x… --rule members --out topic.json
                           feesvc topic admit topic.json --owner-key owner.key --members members.txt --days 30 --out passes
            A member gets  passes/0x….json, a file that is no secret and useless without the member's key:
                           feesvc channel pay letter.txt --as passes/0x….json --author-key member.key --node host:port
            The owner:     feesvc channel pay letter.txt --as topic.json --author-key owner.key --node host:port

            A list counts for messages that are paid in its time and can't be taken back: who is left out of the next one \
            can publish until the last list with that name has ended. So let lists be short and renew them. All nodes, and \
            whoever reads, see author and owner of each message: use addresses that are for nothing else.
            """,
        subcommands: [Create.self, Admit.self, Show.self, Open.self])
}
