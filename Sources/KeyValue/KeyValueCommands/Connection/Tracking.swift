import Bytes
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// Notes which keys a tracking client has read.
    func rememberTrackedKeys(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments
    ) {}

    /// Tells tracking clients that a key has changed.
    func invalidateTracked(_ key: ByteSlice, by client: ClientReference?) {}
}
