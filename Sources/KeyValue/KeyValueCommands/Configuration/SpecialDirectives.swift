import Glibc

extension SpecialDirective {
    var defaultValue: String {
        switch self {
        case .directory: Self.workingDirectory
        case .savePoints: "3600 1 300 100 60 10000"
        case .outputLimits: "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
        case .oomScores: "0 200 800"
        case .events, .primary, .networks: ""
        case .addresses: "* -::*"
        case .percentiles: "50 99 99.9"
        }
    }

    static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    func canonical(_ words: [String], old: String) throws(ConfigurationError) -> String {
        switch self {
        case .directory:
            guard words.count == 1 else { throw ConfigurationError("wrong number of arguments") }
            guard chdir(words[0]) == 0 else { throw ConfigurationError(String(cString: strerror(errno))) }
            return Self.workingDirectory
        case .savePoints: return try Self.savePoints(words)
        case .outputLimits: return try Self.outputLimits(words, old: old)
        case .oomScores: return try Self.oomScores(words)
        case .events:
            guard words.count == 1 else { throw ConfigurationError("wrong number of arguments") }
            guard let classes = NotificationClasses(text: words[0]) else {
                throw ConfigurationError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
            }
            return classes.text
        case .addresses:
            guard words.count <= 16 else { throw ConfigurationError("Too many bind addresses specified.") }
            return words == [""] ? "" : words.joined(separator: " ")
        case .primary: return try Self.primary(words)
        case .percentiles: return try Self.percentiles(words)
        case .networks:
            if words == [""] { return "" }
            guard NetworkList(words: words) != nil else {
                throw ConfigurationError("must be addresses or networks in CIDR form")
            }
            return words.joined(separator: " ")
        }
    }

    private static func savePoints(_ words: [String]) throws(ConfigurationError) -> String {
        if words == [""] { return "" }
        guard words.count % 2 == 0 else { throw ConfigurationError("Invalid save parameters") }
        for (index, word) in words.enumerated() {
            guard let number = Int(word), number >= (index % 2 == 0 ? 1 : 0) else {
                throw ConfigurationError("Invalid save parameters")
            }
        }
        return words.joined(separator: " ")
    }

    private static func outputLimits(_ words: [String], old: String) throws(ConfigurationError) -> String {
        guard words.count % 4 == 0 else {
            throw ConfigurationError("Wrong number of arguments in buffer limit configuration.")
        }
        var fields = old.split(separator: " ").map(String.init)
        for start in stride(from: 0, to: words.count, by: 4) {
            let name = words[start].lowercased() == "replica" ? "slave" : words[start].lowercased()
            guard let position = fields.firstIndex(of: name) else {
                throw ConfigurationError("Invalid client class specified in buffer limit configuration.")
            }
            guard let hard = MemoryText.parse(words[start + 1]), let soft = MemoryText.parse(words[start + 2]),
                let seconds = Int(words[start + 3]), seconds >= 0
            else {
                throw ConfigurationError(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
            }
            fields.replaceSubrange(position + 1..<position + 4, with: [String(hard), String(soft), String(seconds)])
        }
        return fields.joined(separator: " ")
    }

    private static func oomScores(_ words: [String]) throws(ConfigurationError) -> String {
        guard words.count == 3 else { throw ConfigurationError("wrong number of arguments") }
        for word in words {
            guard let number = Int(word), (-2000...2000).contains(number) else {
                throw ConfigurationError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
            }
        }
        return words.joined(separator: " ")
    }

    private static func primary(_ words: [String]) throws(ConfigurationError) -> String {
        guard words.count == 2 else { throw ConfigurationError("wrong number of arguments") }
        if words[0].lowercased() == "no", words[1].lowercased() == "one" { return "" }
        guard let port = Int(words[1]), (0...65535).contains(port) else {
            throw ConfigurationError("Invalid master port")
        }
        return words.joined(separator: " ")
    }

    private static func percentiles(_ words: [String]) throws(ConfigurationError) -> String {
        if words == [""] { return "" }
        for word in words {
            guard let number = Double(word) else {
                throw ConfigurationError("Invalid latency-tracking-info-percentiles parameters")
            }
            guard number >= 0, number <= 100 else {
                throw ConfigurationError(
                    "latency-tracking-info-percentiles should contain values between 0.0 and 100.0")
            }
        }
        return words.map { word in
            let number = Double(word) ?? 0
            return number == number.rounded() ? String(Int(number)) : String(number)
        }.joined(separator: " ")
    }
}

extension NotificationClasses {
    private static let letters: [(Character, NotificationClasses)] = [
        ("g", .generic), ("$", .string), ("l", .list), ("s", .set), ("h", .hash), ("z", .sortedSet), ("x", .expired),
        ("e", .evicted), ("t", .stream), ("d", .module),
    ]
    private static let others: [(Character, NotificationClasses)] = [
        ("K", .keyspace), ("E", .keyEvent), ("m", .keyMiss), ("n", .new),
    ]

    /// From notify-keyspace-events; nil when a letter is unknown.
    init?(text: String) {
        self = []
        for letter in text {
            if letter == "A" {
                insert(.all)
            } else if let found = (Self.letters + Self.others).first(where: { $0.0 == letter }) {
                insert(found.1)
            } else {
                return nil
            }
        }
    }

    var text: String {
        var text = isSuperset(of: .all) ? "A" : String(Self.letters.filter { contains($0.1) }.map(\.0))
        text += String(Self.others.filter { contains($0.1) }.map(\.0))
        return text
    }
}
