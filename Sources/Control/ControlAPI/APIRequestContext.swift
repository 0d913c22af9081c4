import ControlModel
import Foundation
package import Hummingbird
import NIOCore
import Synchronization

/// What is known of one request while it is answered.
package struct APIRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Ours, whatever the client sends: it is how a user and the log speak of the same request.
    package let requestID: String
    /// IP address of the peer, "unknown" in tests without a socket.
    package let remoteAddress: String
    let record = CallRecord()

    package init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.requestID = UUID().uuidString.lowercased()
        self.remoteAddress = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}

/// What inner steps leave behind for the outermost one, which logs the request and completes the headers.
final class CallRecord: Sendable {
    struct Contents {
        /// The route's template, never the path itself: paths carry names.
        var pathPattern = "unknown"
        var tokenID: String?
        var usage: RateLimiter.Usage?
    }

    private let contents = Mutex(Contents())

    var snapshot: Contents { contents.withLock { $0 } }

    func note(_ change: (inout Contents) -> Void) {
        contents.withLock { change(&$0) }
    }
}
