/// The shortest list that still fails that leaving parts out of a failing one comes to: halves first, then smaller parts,
/// down to single elements.
func shrunk<Element>(_ failing: [Element], _ fails: ([Element]) throws -> Bool) rethrows -> [Element] {
    var list = failing
    var size = (list.count + 1) / 2
    while size > 0 {
        var start = 0
        var isShorter = false
        while start < list.count {
            let fewer = Array(list[..<start] + list[min(start + size, list.count)...])
            if try fails(fewer) {
                list = fewer
                isShorter = true
            } else {
                start += size
            }
        }
        size = isShorter ? min(size, list.count) : size / 2
    }
    return list
}
