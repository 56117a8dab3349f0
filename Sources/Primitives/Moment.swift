extension UInt64 {
    /// The sum, or 2^64 − 1 where it is above that: for moments and numbers that somebody else made up, of which the last
    /// one that there is stands for all that lie beyond it.
    public func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }
}
