/// Whose values currval and lastval would tell on a server, as far as the texts of statements show who may have advanced
/// a sequence there.
struct SequenceTrace {
    /// Who has done so last; 0: nobody since the session had no values.
    private(set) var owner: UInt64 = 0
    /// Somebody else has done so before.
    private(set) var isMixed = false
    /// What nobody is: values of whom is not known.
    private static let unknown = UInt64.max

    /// Whether there is anything of others than the client.
    @inline(__always)
    func isForeign(to client: UInt64) -> Bool { owner != 0 && (owner != client || isMixed) }

    /// Whether there is something of others, and nothing of the client's own that would be lost with it.
    @inline(__always)
    func isOnlyForeign(to client: UInt64) -> Bool { owner != 0 && owner != client }

    @inline(__always)
    mutating func advanced(by client: UInt64) {
        if owner != client, owner != 0 { isMixed = true }
        owner = client
    }

    /// DISCARD SEQUENCES is on its way, in front of all that follows.
    mutating func discarded() { self = SequenceTrace() }

    /// It did not come about.
    mutating func spoiled() { owner = Self.unknown }
}
