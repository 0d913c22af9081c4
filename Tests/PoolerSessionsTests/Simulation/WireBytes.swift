/// Messages for and from the simulated ends, as bytes.
enum WireBytes {
    static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        [type.asciiValue ?? 0] + word(body.count + 4) + body
    }

    static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func half(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    static func text(_ value: String) -> [UInt8] { Array(value.utf8) + [0] }

    static func startup(user: String, database: String) -> [UInt8] {
        let body =
            word(196_608) + text("user") + text(user) + text("database") + text(database) + [0]
        return word(body.count + 4) + body
    }

    static let tlsRequest = word(8) + word(80_877_103)

    static func query(_ sql: String) -> [UInt8] { message("Q", text(sql)) }
    static func parse(_ name: String, _ sql: String) -> [UInt8] { message("P", text(name) + text(sql) + half(0)) }
    static func bind(_ name: String, _ values: [String], portal: String = "") -> [UInt8] {
        let parameters = values.flatMap { word($0.utf8.count) + Array($0.utf8) }
        return message("B", text(portal) + text(name) + half(0) + half(values.count) + parameters + half(0))
    }
    static func describe(_ kind: Character, _ name: String) -> [UInt8] {
        message("D", [kind.asciiValue ?? 0] + text(name))
    }
    static func close(_ kind: Character, _ name: String) -> [UInt8] {
        message("C", [kind.asciiValue ?? 0] + text(name))
    }
    static func execute(portal: String = "") -> [UInt8] { message("E", text(portal) + word(0)) }
    static let sync = message("S")

    /// What a server sends that takes whoever comes: AuthenticationOk to ReadyForQuery.
    static func loginEnd() -> [UInt8] {
        message("R", word(0)) + message("S", text("server_version") + text("15.0"))
            + message("K", word(7) + word(7)) + message("Z", Array("I".utf8))
    }

    /// The whole messages at the front, which are then gone.
    static func takeMessages(_ bytes: inout [UInt8]) -> [(type: Character, body: [UInt8])] {
        var messages: [(type: Character, body: [UInt8])] = []
        var position = 0
        while bytes.count - position >= 5 {
            let length = bytes[(position + 1)..<(position + 5)].reduce(0) { $0 << 8 | Int($1) }
            guard bytes.count - position > length else { break }
            let body = Array(bytes[(position + 5)..<(position + 1 + length)])
            messages.append((Character(UnicodeScalar(bytes[position])), body))
            position += 1 + length
        }
        bytes.removeFirst(position)
        return messages
    }

    /// Messages in short, for failures that people read.
    static func summary(_ bytes: [UInt8]) -> [String] {
        var rest = bytes
        var words: [String] = []
        for message in takeMessages(&rest) {
            let shown = message.body.map { $0 < 32 ? UInt8(ascii: ".") : $0 }
            let isTold = "ECDZ".contains(message.type)
            let word = "\(message.type)" + (isTold ? "(\(String(decoding: shown.suffix(60), as: UTF8.self)))" : "")
            if words.last != word { words.append(word) }
        }
        return words + (rest.isEmpty ? [] : ["+\(rest.count)"])
    }

    /// The first difference, and what was there before it.
    static func difference(got: [UInt8], want: [UInt8]) -> String {
        let (got, want) = (summary(got), summary(want))
        let common = zip(got, want).prefix { $0 == $1 }.count
        let before = got[max(0, common - 6)..<common].joined(separator: " ")
        return "behind \(before)\n got \(got.dropFirst(common).prefix(4).joined(separator: " "))"
            + "\nwant \(want.dropFirst(common).prefix(4).joined(separator: " "))"
    }
}
