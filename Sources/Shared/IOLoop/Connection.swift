package import Bytes
import Glibc
import TLS

/// A connection as the application holds it: valid from `accepted` or `connect` until `ended` returns or, when the
/// application closes it, until the end of that turn.
package typealias ConnectionPointer = UnsafeMutablePointer<Connection>

/// One stream to a peer. It belongs to its loop, lives at one address, and is small: an idle one holds no buffer.
package struct Connection: ~Copyable {
    /// Bytes for the peer. The application appends at any time and calls `scheduleSend`.
    package var output: OutputBuffer
    /// The application's own.
    package var userData: UnsafeMutableRawPointer?
    /// Never used twice in the life of a loop; the first is 1.
    package let id: UInt64
    /// The socket, for options. The loop reads, writes and closes it.
    package internal(set) var descriptor: Int32
    var flags: Flags = []
    /// Operations that the kernel has not finished and that point here (io_uring).
    var operationCount: UInt16 = 0
    /// The last window of `Gathering` that it received in.
    var activeWindow: UInt32 = 0
    /// What the kernel said to a send that it did not take whole (io_uring).
    var shortSendResult: Int32 = 0
    /// Why nothing can be sent any more; 0 while it can.
    var writeFailure: Int32 = 0
    /// Bytes that the kernel reads from while it sends: they must not move (io_uring).
    var inFlight = OutputBuffer()
    /// The TLS layer, if any.
    var secure: UnsafeMutablePointer<SecureLayer>?
    /// Bytes from the socket that came while reading was paused.
    var held = OutputBuffer()
    /// The loop's queue, and the next one in it.
    let sendQueue: UnsafeMutablePointer<SendQueue>
    var nextToSend: ConnectionPointer?
    /// Neighbours among all connections, or the next one among those to be freed at the end of the turn.
    var previous: ConnectionPointer?
    var next: ConnectionPointer?
    /// Neighbours among those that the sweep looks at.
    var previousSwept: ConnectionPointer?
    var nextSwept: ConnectionPointer?
    /// When output last went to the kernel, or when closing began; monotonic milliseconds.
    var lastSendMilliseconds: Int64 = 0

    struct Flags: OptionSet {
        let rawValue: UInt32
        /// In the list of those with something to send.
        static let sendScheduled = Flags(rawValue: 1 << 0)
        /// Closed by the application or ended: nothing is called for it any more.
        static let closed = Flags(rawValue: 1 << 1)
        /// To be closed once output has drained; nothing is received any more.
        static let closing = Flags(rawValue: 1 << 2)
        /// Output has drained, our side is shut down, the peer's last bytes are thrown away.
        static let lingering = Flags(rawValue: 1 << 3)
        /// The peer will send no more; ends once output has drained.
        static let endOfStream = Flags(rawValue: 1 << 4)
        static let readingPaused = Flags(rawValue: 1 << 5)
        /// The socket took less than it was given; it tells when there is room (epoll).
        static let waitingForRoom = Flags(rawValue: 1 << 6)
        /// Edge-triggered: there may be more to read, and no event will tell (epoll).
        static let maybeReadable = Flags(rawValue: 1 << 7)
        /// In the list of those to be read again in the next turn (epoll).
        static let rereadScheduled = Flags(rawValue: 1 << 8)
        static let connecting = Flags(rawValue: 1 << 9)
        static let unixSocket = Flags(rawValue: 1 << 10)
        /// In the sweep's list.
        static let swept = Flags(rawValue: 1 << 11)
        static let outgoing = Flags(rawValue: 1 << 12)
        /// The peer has hung up or is about to: read until the end (epoll).
        static let hangingUp = Flags(rawValue: 1 << 13)
        /// A receive is with the kernel (io_uring).
        static let receiving = Flags(rawValue: 1 << 14)
        /// The end of the stream came while reading was paused.
        static let endHeld = Flags(rawValue: 1 << 15)
        /// The socket did not take all of the turn's bytes (io_uring).
        static let sentShort = Flags(rawValue: 1 << 16)
        /// The loop has let go of it; only the kernel's completions still name it (io_uring).
        static let detached = Flags(rawValue: 1 << 18)
        /// TLS is spoken.
        static let secure = Flags(rawValue: 1 << 19)

        /// TLS began on a connection that was there already.
        static let upgraded = Flags(rawValue: 1 << 20)

        /// Any of these, and arriving bytes are not simply passed to the application.
        static let notPlainlyReceiving: Flags = [
            .closed, .closing, .lingering, .readingPaused, .deliveryScheduled, .secure,
        ]
        /// In the list of those whose held bytes are to be delivered.
        static let deliveryScheduled = Flags(rawValue: 1 << 17)
    }

    init(id: UInt64, descriptor: Int32, sendQueue: UnsafeMutablePointer<SendQueue>) {
        output = OutputBuffer()
        self.id = id
        self.descriptor = descriptor
        self.sendQueue = sendQueue
    }

    /// What goes to the socket next, as the application wrote it or encrypted. Read here and taken by `consumeWire`: a
    /// property that lends one of two buffers would allocate on every access.
    var wireBytes: ByteSlice {
        @inline(__always) get { secure.map { $0.pointee.session.outgoing.readable } ?? output.readable }
    }

    /// The socket has taken that many of `wireBytes`.
    @inline(__always)
    mutating func consumeWire(_ byteCount: Int) {
        if let secure {
            secure.pointee.session.outgoing.consume(byteCount)
        } else {
            output.consume(byteCount)
        }
    }

    /// Puts what is to be sent where it does not move.
    @inline(__always)
    mutating func beginFlight() {
        if let secure {
            swap(&secure.pointee.session.outgoing, &inFlight)
        } else {
            swap(&output, &inFlight)
        }
    }

    /// Throws away what was to be sent. The kernel reads none of it at the moment.
    mutating func discardOutput() {
        output.removeAll()
        inFlight.removeAll()
        secure?.pointee.session.outgoing.removeAll()
    }

    /// All in flight is sent: its memory serves again.
    @inline(__always)
    mutating func endFlight() {
        inFlight.removeAll()
        let isTaken = secure.map { $0.pointee.session.outgoing.reservedByteCount > 0 } ?? (output.reservedByteCount > 0)
        if !isTaken { beginFlight() }
    }

    /// What a connection keeps for its next output, in bytes; the memory of longer output is given back when it is sent.
    private static var keptByteCountMax: Int { 16 << 10 }

    /// Gives back what long output took; nothing is to be sent.
    @inline(__always)
    mutating func releaseLongOutput() {
        if output.reservedByteCount > Self.keptByteCountMax, output.isEmpty { output.release() }
        if inFlight.reservedByteCount > Self.keptByteCountMax, inFlight.isEmpty { inFlight.release() }
        guard let secure, secure.pointee.session.outgoing.reservedByteCount > Self.keptByteCountMax else { return }
        if secure.pointee.session.outgoing.isEmpty { secure.pointee.session.outgoing.release() }
    }

    /// Bytes that the kernel has not taken, including those that it is being given.
    package var pendingSendByteCount: Int {
        output.count + inFlight.count + (secure.map { $0.pointee.session.outgoing.count } ?? 0)
    }

    /// Buffers of output that are not kept when they are empty, and the bytes that wait in them.
    package var longOutput: (bufferCount: Int, byteCount: Int) {
        var long = (bufferCount: 0, byteCount: 0)
        func add(_ reserved: Int, _ count: Int) {
            guard reserved > Self.keptByteCountMax, count > 0 else { return }
            long.bufferCount += 1
            long.byteCount += count
        }
        add(output.reservedByteCount, output.count)
        add(inFlight.reservedByteCount, inFlight.count)
        if let secure {
            add(secure.pointee.session.outgoing.reservedByteCount, secure.pointee.session.outgoing.count)
        }
        return long
    }

    /// Whether the kernel holds output for a peer that has not made room for it.
    package var isWaitingForRoom: Bool { flags.contains(.waitingForRoom) || !inFlight.isEmpty }

    /// Memory that the loop holds for this connection, in bytes.
    package var reservedByteCount: Int {
        MemoryLayout<Connection>.size + output.reservedByteCount + inFlight.reservedByteCount + held.reservedByteCount
            + (secure.map { $0.pointee.session.outgoing.reservedByteCount } ?? 0)
    }

    /// Whether the peer is on this machine, over a path.
    package var isUnixSocket: Bool { flags.contains(.unixSocket) }
    /// Whether TLS is spoken.
    package var isTLS: Bool { secure != nil }
    /// Whether `pauseReading` is in force.
    package var isReadingPaused: Bool { flags.contains(.readingPaused) }
    /// Whether `closeAfterSending` was called.
    package var isClosing: Bool { flags.contains(.closing) }

    /// The peer as `address:port`; empty for a Unix socket as a rule.
    package var peerAddressText: String { SocketAddress(of: descriptor, peer: true)?.text ?? "" }
    /// This side as `address:port`, or the path of a Unix socket.
    package var localAddressText: String { SocketAddress(of: descriptor, peer: false)?.text ?? "" }
    /// The peer's address without port, in the kernel's canonical spelling; nil for a Unix socket.
    package var peerLiteral: String? { SocketAddress(of: descriptor, peer: true)?.literal?.address }
    /// That address, and the same with the port, asking the kernel once; nil for a Unix socket.
    package var peerLiteralAndText: (literal: String, text: String)? {
        SocketAddress(of: descriptor, peer: true)?.literal.map { place in
            (place.address, SocketAddress.text(address: place.address, port: place.port))
        }
    }

    /// Sends small packets at once instead of gathering them. Does nothing to a Unix socket.
    package func setNoDelay(_ enabled: Bool) {
        guard !isUnixSocket else { return }
        setOption(Int32(IPPROTO_TCP), TCP_NODELAY, enabled ? 1 : 0)
    }

    /// Sets what an administrator has chosen; 0, or the errno of the first that the kernel refused.
    package func apply(_ options: SocketOptions) -> Int32 { isUnixSocket ? 0 : options.apply(to: descriptor) }

    /// Probes a silent peer after that many seconds, then three times at a third of it; 0 switches probing off.
    package func setKeepAlive(seconds: Int) {
        guard !isUnixSocket else { return }
        setOption(SOL_SOCKET, SO_KEEPALIVE, seconds > 0 ? 1 : 0)
        guard seconds > 0 else { return }
        let idle = Int32(clamping: seconds)
        setOption(Int32(IPPROTO_TCP), TCP_KEEPIDLE, idle)
        setOption(Int32(IPPROTO_TCP), TCP_KEEPINTVL, max(1, idle / 3))
        setOption(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    }

    private func setOption(_ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
