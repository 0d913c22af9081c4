import Glibc
import KeyValueCommands

/// oom-score-adj: which process the kernel ends first when memory runs out.
struct OutOfMemoryScore {
    private static let path = "/proc/self/oom_score_adj"
    private static let range = -1000...1000

    /// What the process had before it was changed; nil while it is as it was.
    private var initial: Int?

    /// Follows the directives. The first value is that of a server which is no replica.
    mutating func adjust(_ configuration: Configuration) throws(ConfigurationError) {
        let mode = configuration["oom-score-adj"]
        guard mode != "no" else {
            guard let initial else { return }
            try write(initial)
            self.initial = nil
            return
        }
        let base: Int
        if let initial {
            base = initial
        } else {
            guard let text = Configuration.read(path: Self.path), let score = Int(text.prefix { $0 != "\n" }) else {
                throw failure("read")
            }
            base = score
        }
        let value = configuration.words("oom-score-adj-values").first.flatMap { Int($0) } ?? 0
        let score = mode == "relative" || mode == "yes" ? base + value : value
        try write(min(max(score, Self.range.lowerBound), Self.range.upperBound))
        initial = base
    }

    private func write(_ score: Int) throws(ConfigurationError) {
        let descriptor = open(Self.path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("write") }
        defer { close(descriptor) }
        let bytes = Array("\(score)\n".utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw failure("write") }
    }

    private func failure(_ verb: String) -> ConfigurationError {
        ConfigurationError(
            "Failed to set current oom_score_adj. Check server logs. (unable to \(verb): "
                + "\(String(cString: strerror(errno))))", directive: "oom-score-adj")
    }
}
