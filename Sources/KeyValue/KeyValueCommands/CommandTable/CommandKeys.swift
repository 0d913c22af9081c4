import Bytes
package import RESP

/// Finds the keys of a command line by what the command's row says.
///
/// Nothing here takes memory: where a late mistake voids keys found before it, the line is read twice. Loops stand where
/// a closure would take memory in debug builds, for the commands of `AllocationTests`.
package enum CommandKeys {
    /// Whether a command line of this command can have keys at all.
    package static func canExist(for row: CommandRow) -> Bool {
        row.keySearch != nil || row.keys.contains { !$0.flags.contains(.notKey) }
    }

    /// Calls `body` with the position and the use of each key of the line, whose argument 0 is the command's name.
    /// - Returns: how many there were; 0 too if the line is no valid use of the command.
    @discardableResult
    package static func forEach(
        of row: CommandRow, in arguments: Arguments, _ body: (_ position: Int, _ flags: KeyFlags) -> Void
    ) -> Int {
        let specs = row.keys
        if specs.count == 1, specs[0].flags.isDisjoint(with: .undecided) { return emit(specs[0], arguments, body) }
        var isVariable = false
        for index in specs.indices where specs[index].flags.contains(.variableFlags) { isVariable = true }
        if !isVariable, specs.allSatisfy({ isValid($0, arguments) }) {
            return specs.reduce(0) { $0 + emit($1, arguments, body) }
        }
        return row.keySearch?.forEach(in: arguments, body) ?? 0
    }

    /// Where the keys of one specification are in a line.
    private enum Extent {
        case absent
        case invalid
        case keys(first: Int, last: Int, step: Int)
    }

    private static func isValid(_ spec: KeySpec, _ arguments: Arguments) -> Bool {
        if spec.flags.contains(.notKey) { return true }
        if spec.flags.contains(.incomplete) { return false }
        if case .invalid = extent(spec, arguments) { return false }
        return true
    }

    private static func emit(_ spec: KeySpec, _ arguments: Arguments, _ body: (Int, KeyFlags) -> Void) -> Int {
        guard !spec.flags.contains(.notKey), case .keys(let first, let last, let step) = extent(spec, arguments) else {
            return 0
        }
        var count = 0
        for position in stride(from: first, through: last, by: step) {
            body(position, spec.flags)
            count += 1
        }
        return count
    }

    private static func extent(_ spec: KeySpec, _ arguments: Arguments) -> Extent {
        let begin: Int
        switch spec.begin {
        case .index(let position): begin = position
        case .keyword(let word, let from):
            guard let position = search(word, from: from, arguments) else { return .absent }
            begin = position + 1
        case .unknown: return .invalid
        }
        let (first, last, step): (Int, Int, Int)
        switch spec.find {
        case .range(let relativeLast, let rangeStep, let limit):
            first = begin
            step = rangeStep
            if relativeLast >= 0 {
                last = begin + relativeLast
            } else if limit == 0 {
                last = arguments.count + relativeLast
            } else {
                last = begin + (arguments.count - begin) / limit + relativeLast
            }
        case .counted(let countOffset, let firstOffset, let countedStep):
            guard begin + countOffset < arguments.count,
                let count = Decimal.parse(arguments[begin + countOffset]), count >= 0, count <= arguments.count
            else { return .invalid }
            first = begin + firstOffset
            last = first + Int(count) - 1
            step = countedStep
        case .unknown: return .invalid
        }
        guard last < arguments.count, last >= first, first < arguments.count else { return .invalid }
        return .keys(first: first, last: last, step: step)
    }

    private static func search(_ word: String, from: Int, _ arguments: Arguments) -> Int? {
        var word = word
        return word.withUTF8 { word in
            let isWord = { (position: Int) in equalsIgnoringCase(arguments[position], ByteSlice(word)) }
            if from > 0 { return (from..<max(from, arguments.count)).first(where: isWord) }
            return (1...max(1, arguments.count + from)).last { $0 < arguments.count && isWord($0) }
        }
    }

    private static func equalsIgnoringCase(_ text: ByteSlice, _ word: ByteSlice) -> Bool {
        guard text.count == word.count else { return false }
        return text.indices.allSatisfy {
            ASCIICase.lowered(text.byte(at: $0)) == ASCIICase.lowered(word.byte(at: $0))
        }
    }
}

extension KeyRange {
    /// Calls `body` with the position of each key in a line of that many arguments. For commands without `movableKeys`
    /// this is all of them, at the price of a loop.
    @inline(__always)
    package func forEach(argumentCount: Int, _ body: (_ position: Int) -> Void) {
        guard first > 0 else { return }
        let end = min(last >= 0 ? last : argumentCount + last, argumentCount - 1)
        var position = first
        while position <= end {
            body(position)
            position += step
        }
    }
}

extension KeySearch {
    /// As `CommandKeys.forEach`, by the command's own rules.
    func forEach(in arguments: Arguments, _ body: (Int, KeyFlags) -> Void) -> Int {
        guard arguments.count > 1 else { return 0 }
        switch self {
        case .sortReadOnly:
            body(1, .use)
            return 1
        case .sort: return Self.sort(arguments, body)
        case .migrate: return Self.migrate(arguments, body)
        case .set:
            var returnsOld = false
            for position in stride(from: 3, to: arguments.count, by: 1)
            where arguments[position].equalsIgnoringCase("get") { returnsOld = true }
            body(1, returnsOld ? .change : .replacement)
            return 1
        case .bitfield:
            body(1, Self.bitfieldWrites(arguments) ? .change : .use)
            return 1
        }
    }

    /// The last STORE counts, as for SORT itself.
    private static func sort(_ arguments: Arguments, _ body: (Int, KeyFlags) -> Void) -> Int {
        body(1, .use)
        var store: Int?
        var position = 2
        while position < arguments.count {
            let option = arguments[position]
            if option.equalsIgnoringCase("limit") {
                position += 2
            } else if option.equalsIgnoringCase("get") || option.equalsIgnoringCase("by") {
                position += 1
            } else if option.equalsIgnoringCase("store"), position + 1 < arguments.count {
                store = position + 1
            }
            position += 1
        }
        guard let store else { return 1 }
        body(store, .replacement)
        return 2
    }

    /// The key at its place, or with KEYS and an empty string there, all that follow KEYS.
    private static func migrate(_ arguments: Arguments, _ body: (Int, KeyFlags) -> Void) -> Int {
        let flags: KeyFlags = [.readWrite, .access, .delete]
        var positions = 3..<min(4, max(3, arguments.count))
        var position = 6
        while position < arguments.count {
            let option = arguments[position]
            if option.equalsIgnoringCase("keys") {
                // A key at both places is a mistake that MIGRATE answers.
                positions = arguments[3].isEmpty ? position + 1..<arguments.count : 0..<0
                break
            }
            if option.equalsIgnoringCase("auth") { position += 1 }
            if option.equalsIgnoringCase("auth2") { position += 2 }
            position += 1
        }
        for position in positions { body(position, flags) }
        return positions.count
    }

    /// Whether an operation other than GET is among them; a mistake counts as one.
    private static func bitfieldWrites(_ arguments: Arguments) -> Bool {
        var position = 2
        while position < arguments.count {
            let remaining = arguments.count - position - 1
            let operation = arguments[position]
            if operation.equalsIgnoringCase("get"), remaining >= 2 {
                position += 3
            } else if operation.equalsIgnoringCase("overflow"), remaining >= 1 {
                position += 2
            } else {
                return true
            }
        }
        return false
    }
}
