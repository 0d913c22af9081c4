import Foundation
import Synchronization

/// A terminal that one text after the other fills, until a key ends it. While it is there, keys are read one by one and
/// not echoed, and ctrl-c is a key; whatever ends the process, the terminal is as it was before.
final class TopScreen: Sendable {
    /// The other screen, and no cursor; then the first screen again, and the cursor (xterm's control sequences).
    private static let begin = "\u{1B}[?1049h\u{1B}[?25l"
    private static let end = "\u{1B}[?25h\u{1B}[?1049l"
    private static let home = "\u{1B}[H"
    private static let clearToEndOfLine = "\u{1B}[K"
    private static let clearBelow = "\u{1B}[J"
    private static let endKeys: [UInt8] = [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4]

    /// What the terminal was like, for the handler of signals, which may use nothing but memory.
    private static let saved = Mutex<termios?>(nil)

    /// Whether standard output is a pipe whose reader has closed it.
    static var outputHasGone: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&output, 1, 0) == 1 && output.revents & Int16(POLLERR) != 0
    }

    /// Nil where standard output is no terminal.
    static func open() -> TopScreen? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        return TopScreen()
    }

    private init() {
        var terminal = termios()
        if isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, &terminal) == 0 {
            Self.saved.withLock { $0 = terminal }
            terminal.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
            tcsetattr(STDIN_FILENO, TCSANOW, &terminal)
        }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                TopScreen.restore()
                _exit(128 + number)
            }
        }
        Self.put(Self.begin)
    }

    func close() {
        Self.restore()
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }

    private static func restore() {
        put(end)
        // The lock is free but for moments at the beginning; a signal then finds nothing to restore.
        _ = saved.withLockIfAvailable { terminal in
            if var known = terminal { tcsetattr(STDIN_FILENO, TCSANOW, &known) }
        }
    }

    private static func put(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Lines that do not fit are cut, so that nothing scrolls away.
    func show(_ text: String) {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0 && size.ws_col > 0
        let (rows, columns) = isKnown ? (Int(size.ws_row), Int(size.ws_col)) : (24, 80)
        var shown = Self.home
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(rows - 1) {
            shown += String(line.prefix(columns)) + Self.clearToEndOfLine + "\r\n"
        }
        Self.put(shown + Self.clearBelow)
    }

    /// Waits for the time to pass; false if one of the keys was pressed that end it, or the terminal has gone.
    func waitForKeys(seconds: Double) async -> Bool {
        await withCheckedContinuation { continuation in
            // Waiting for a descriptor would hold a thread that other work needs.
            Thread.detachNewThread { continuation.resume(returning: Self.wait(seconds)) }
        }
    }

    private static func wait(_ seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        let readsKeys = saved.withLock { $0 != nil }
        while true {
            let left = end - .now
            guard left > .zero else { return true }
            let milliseconds = Int32(clamping: Int((left / .milliseconds(1)).rounded(.up)))
            guard readsKeys else {
                usleep(useconds_t(clamping: Int(milliseconds) * 1000))
                continue
            }
            var wanted = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, milliseconds) > 0 else { continue }
            var key: UInt8 = 0
            guard read(STDIN_FILENO, &key, 1) == 1, !endKeys.contains(key) else { return false }
        }
    }
}
