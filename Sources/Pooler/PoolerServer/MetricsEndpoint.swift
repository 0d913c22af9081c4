import Bytes
import Glibc
import IOLoop
import MetricText
import PoolerConfiguration
import PoolerSessions

/// `metrics_listen`: answers scrapers on the loop that serves clients. A connection is its until it ends.
final class MetricsEndpoint {
    /// Somebody asks for the metrics: to be answered by the number, at once or later.
    var onRequest: (UInt64) -> Void = { _ in }
    /// Whether scrapers should come anew next time, to another process.
    var isLeaving: () -> Bool = { false }

    private let loop: EventLoop
    private var conversations: [ConnectionPointer: ScrapeConversation] = [:]
    /// Connections whose answer is being sent, and whose next request comes after it.
    private var sending: [ConnectionPointer] = []
    private var timer: TimerHeap.Handle?

    /// Scrapers are few; whoever comes when there are so many is closed on.
    static let connectionsMax = 16
    /// How often connections that have taken too long are looked for.
    private static let sweepMilliseconds = 1000

    init(_ loop: EventLoop) { self.loop = loop }

    func accepted(_ connection: ConnectionPointer) {
        guard conversations.count < Self.connectionsMax else { return loop.closeNow(connection) }
        conversations[connection] = ScrapeConversation(now: loop.nowNanoseconds)
        if timer == nil { timer = loop.schedule(afterMilliseconds: Self.sweepMilliseconds) }
    }

    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        guard let step = conversations[connection]?.receive(bytes, now: loop.nowNanoseconds) else { return }
        perform(step, connection)
    }

    func ended(_ connection: ConnectionPointer) {
        conversations[connection] = nil
        sending.removeAll { $0 == connection }
    }

    /// - Parameter number: as `onRequest` was told; that one may have gone.
    func answer(_ number: UInt64, _ text: String) {
        guard let connection = conversations.keys.first(where: { $0.pointee.id == number }) else { return }
        let step = conversations[connection]?.answer(text, date: Self.dateText(time(nil)), closes: isLeaving())
        if let step { perform(step, connection) }
    }

    private func perform(_ step: ScrapeConversation.Step, _ connection: ConnectionPointer) {
        switch step {
        case .wait: return
        case .collect:
            loop.pauseReading(connection)
            onRequest(connection.pointee.id)
        case .send(let bytes, let closes):
            bytes.withUnsafeBytes { connection.pointee.output.append($0) }
            guard closes else {
                loop.pauseReading(connection)
                sending.append(connection)
                return loop.scheduleSend(connection)
            }
            ended(connection)
            connection.pointee.userData = nil
            loop.closeAfterSending(connection)
        }
    }

    /// Goes on where an answer has been sent. Called at the end of each turn.
    func turnEnded() {
        guard !sending.isEmpty else { return }
        for connection in sending where connection.pointee.pendingSendByteCount == 0 {
            sending.removeAll { $0 == connection }
            loop.resumeReading(connection)
            if let step = conversations[connection]?.next(now: loop.nowNanoseconds) { perform(step, connection) }
        }
    }

    func timerFired(_ handle: TimerHeap.Handle) {
        guard handle == timer else { return }
        timer = nil
        let now = loop.nowNanoseconds
        for (connection, conversation) in conversations where conversation.deadline <= now {
            ended(connection)
            connection.pointee.userData = nil
            loop.closeNow(connection)
        }
        if !conversations.isEmpty { timer = loop.schedule(afterMilliseconds: Self.sweepMilliseconds) }
    }

    /// As HTTP writes a moment (RFC 9110, section 5.6.7).
    static func dateText(_ moment: time_t) -> String {
        var moment = moment
        var parts = tm()
        gmtime_r(&moment, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}

extension ProcessFigures {
    /// Of this process.
    static func current(startTime: Double) -> ProcessFigures {
        var figures = ProcessFigures()
        figures.startTime = startTime
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            figures.processorSeconds = [usage.ru_utime, usage.ru_stime].reduce(0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
            }
        }
        // The second number is resident pages (proc(5)).
        let pages = (try? FileContents.read("/proc/self/statm")).map { String(decoding: $0, as: UTF8.self) }
        if let words = pages?.split(separator: " "), words.count > 1, let resident = Double(words[1]) {
            figures.residentByteCount = resident * Double(sysconf(Int32(_SC_PAGESIZE)))
        }
        return figures
    }
}
