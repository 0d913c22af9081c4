import Bytes

/// The options of SET and GETEX.
struct StringOptions {
    /// What becomes of the expiry.
    enum Expiry {
        /// Not named: SET removes it, GETEX leaves it.
        case unspecified
        case keep, remove
        /// Milliseconds since 1970; `isRelative` when the client gave a time from now.
        case at(Int64, isRelative: Bool)
    }

    var onlyIfMissing = false
    var onlyIfPresent = false
    var repliesOldValue = false
    var expiry = Expiry.unspecified

    /// Ways to name a time.
    enum TimeUnit {
        case seconds, milliseconds, unixSeconds, unixMilliseconds

        var isRelative: Bool { self == .seconds || self == .milliseconds }
        var isSeconds: Bool { self == .seconds || self == .unixSeconds }

        init?(_ word: ByteSlice) {
            if word.equalsIgnoringCase("ex") {
                self = .seconds
            } else if word.equalsIgnoringCase("px") {
                self = .milliseconds
            } else if word.equalsIgnoringCase("exat") {
                self = .unixSeconds
            } else if word.equalsIgnoringCase("pxat") {
                self = .unixMilliseconds
            } else {
                return nil
            }
        }
    }

    /// Reads the options of SET from an argument on; nil once an error has been replied.
    init?(ofSet call: Call, from start: Int) {
        var time: (index: Int, unit: TimeUnit)?
        var index = start
        while index < call.count {
            let word = call[index]
            if word.equalsIgnoringCase("nx"), !onlyIfPresent {
                onlyIfMissing = true
            } else if word.equalsIgnoringCase("xx"), !onlyIfMissing {
                onlyIfPresent = true
            } else if word.equalsIgnoringCase("get") {
                repliesOldValue = true
            } else if word.equalsIgnoringCase("keepttl"), time == nil {
                expiry = .keep
            } else if let unit = TimeUnit(word), index + 1 < call.count, acceptsTime(unit, after: time?.unit) {
                index += 1
                time = (index, unit)
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
        if let time, !readTime(call, time.index, time.unit) { return nil }
    }

    /// Reads the options of GETEX. Its time is left for after the key has been looked up: a missing key wins over a
    /// wrong time.
    init?(ofGetExpire call: Call, time: inout (index: Int, unit: TimeUnit)?) {
        var index = 2
        while index < call.count {
            let word = call[index]
            if word.equalsIgnoringCase("persist"), time == nil {
                expiry = .remove
            } else if let unit = TimeUnit(word), index + 1 < call.count, acceptsTime(unit, after: time?.unit) {
                index += 1
                time = (index, unit)
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
    }

    /// A time may be given again in the same unit, and then replaces the one before.
    private func acceptsTime(_ unit: TimeUnit, after before: TimeUnit?) -> Bool {
        guard before == nil || before == unit else { return false }
        if case .unspecified = expiry { return true }
        return false
    }

    /// Takes the time from an argument; false once an error has been replied.
    mutating func readTime(_ call: Call, _ index: Int, _ unit: TimeUnit) -> Bool {
        guard let milliseconds = Self.time(call, index, unit) else { return false }
        expiry = .at(milliseconds, isRelative: unit.isRelative)
        return true
    }

    /// The argument as milliseconds since 1970; nil once an error has been replied.
    static func time(_ call: Call, _ index: Int, _ unit: TimeUnit) -> Int64? {
        guard let value = call.integer(index) else { return nil }
        let (scaled, isTooLarge) = value.multipliedReportingOverflow(by: unit.isSeconds ? 1000 : 1)
        let (time, isTooLate) = scaled.addingReportingOverflow(unit.isRelative ? call.now : 0)
        guard value > 0, !isTooLarge, !isTooLate else {
            call.error("ERR invalid expire time in '\(call.command.pointee.fullName)' command")
            return nil
        }
        return time
    }
}
