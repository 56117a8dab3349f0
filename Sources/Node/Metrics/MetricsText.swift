/// One family of a scrape: what is measured, and its samples.
struct MetricFamily: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// One sample: what follows the family's name, the labels in order, and the value.
    struct Sample: Hashable, Sendable {
        var suffix = ""
        var labels: [Label] = []
        let value: Double
    }

    struct Label: Hashable, Sendable {
        let name: String
        let value: String
    }

    let name: String
    let kind: Kind
    let help: String
    let samples: [Sample]

    /// A family of one sample without labels.
    static func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name: name, kind: .gauge, help: help, samples: [Sample(value: value)])
    }

    /// A family of one sample for each value of a label.
    static func gauges(
        _ name: String, _ help: String, by label: String, _ values: [(String, Double)]
    ) -> MetricFamily {
        MetricFamily(
            name: name, kind: .gauge, help: help,
            samples: values.map { Sample(labels: [Label(name: label, value: $0.0)], value: $0.1) })
    }
}

/// The text format of Prometheus, version 0.0.4.
enum MetricsText {
    static func text(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            text += "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
            text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
            for sample in family.samples { text += family.name + line(sample) + "\n" }
        }
        return text
    }

    private static func line(_ sample: MetricFamily.Sample) -> String {
        let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
        return sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " " + number(sample.value)
    }

    /// Whole numbers as such: counts are read by people too.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        text.flatMap { character in
            switch character {
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\"" where quotes: "\\\""
            default: String(character)
            }
        }.reduce(into: "") { $0.append($1) }
    }
}
