import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// A command took long: the slow log and the latency monitor look at it.
    func noteSlow(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments,
        _ ticks: UInt64
    ) {}
}
