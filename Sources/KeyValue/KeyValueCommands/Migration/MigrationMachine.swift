// One conversation with the server that keys are migrated to, without socket and keyspace: what to send next, and what
// the replies mean.
//
// Credentials and the database come first, and nothing else is sent before they are accepted. Then the keys follow one
// another without waiting for replies: RESTORE each. A value that is too large for one payload is put together under a
// temporary key, which the target forgets by itself if it hears no more of it:
//
//     EXISTS key                              only without REPLACE
//     MULTI, a first piece, PEXPIRE, EXEC     the temporary key is never without its expiry
//     a piece, PEXPIRE ...
//     WATCH key, EXISTS key, SCARD temporary  all there? (WATCH and EXISTS only without REPLACE)
//     MULTI, RENAME temporary key, PERSIST key (or PEXPIRE), EXEC
//
// A key that the target refuses stays, the others go on, and the first refusal is the result: as in Redis.

package import Bytes
import RESP

/// The migration of a list of keys over one connection.
package struct MigrationMachine {
    /// What the command asked for, and what the connection is like.
    package struct Options {
        package var replaces = false
        package var databaseIndex: Int64 = 0
        /// None, a password, or a name and a password.
        package var credentials: [[UInt8]] = []
        /// Whether the connection has that database selected already.
        package var isSelected = false
        /// Where large values are put together.
        package var temporaryKey: [UInt8] = []
        /// How long the target keeps an unfinished value.
        package var temporaryLifetimeMilliseconds: Int64 = 60_000

        package init() {}
    }

    /// What has happened to a key, by its position in the list.
    package enum Effect: Equatable {
        /// It is about to be sent: it must not change from here on.
        case underWay(Int)
        /// The target has it.
        case acknowledged(Int)
        /// The target has not, and will not: it may change again.
        case released(Int)
    }

    private enum Phase { case starting, greeting, sending, over }

    private enum Expectation {
        case greeting
        case restore(Int)
        case piece, existence, watch, count, commitStep, commit, cleanup
    }

    private enum LargeStep { case unasked, asked, pieces, settling, verifying, verified, committing, failing, cleaning }

    /// The large value under way.
    private struct Large {
        let index: Int
        let countCommand: String
        let count: Int
        var step: LargeStep
        var hasBegun = false
        /// Replies to pieces that have not come.
        var outstandingCount = 0
    }

    package let keys: [[UInt8]]
    private let options: Options
    private var phase = Phase.starting
    private var nextKey = 0
    private var large: Large?
    private var expected: [Expectation] = []
    /// How many of `expected` have been met.
    private var metCount = 0
    /// Bytes of a reply that is not complete.
    private var remainder: [UInt8] = []
    /// What the client is to be told; nil: that all went well.
    package private(set) var error: String?
    /// Whether the target has replied to anything.
    package private(set) var hasReply = false
    /// Whether the target accepted the database.
    package private(set) var isSelected: Bool

    /// The reason for which Redis refuses a key that is there.
    private static let busy = "BUSYKEY Target key name already exists."
    private static let tooLarge =
        "ERR The value of a key is too large to be migrated: servers take 512 MB at most in one piece"
    private static let incomplete = "ERR The target has lost parts of a key that was being migrated to it"
    /// Elements of the first piece, whose replies come together.
    private static let firstElementCountMax = 16
    private static let pieceElementCountMax = 2048
    /// Expectations that are forgotten together once they are met.
    private static let metCountMax = 4096
    /// Bytes of one reply.
    private static let replyByteCountMax = 1 << 20

    package init(keys: [[UInt8]], options: Options) {
        self.keys = keys
        self.options = options
        isSelected = options.isSelected
    }

    // MARK: - State

    /// Whether all is done, well or not.
    package var isOver: Bool {
        switch phase {
        case .over: metCount == expected.count
        case .sending: nextKey == keys.count && large == nil && metCount == expected.count
        case .starting, .greeting: false
        }
    }

    /// Whether `produce` would append something.
    package var canProduce: Bool {
        switch phase {
        case .starting: return true
        case .greeting, .over: return false
        case .sending:
            guard let large else { return nextKey < keys.count }
            switch large.step {
            case .unasked, .pieces, .verified, .failing: return true
            case .settling: return large.outstandingCount == 0
            case .asked, .verifying, .committing, .cleaning: return false
            }
        }
    }

    private mutating func refuse(_ text: String) {
        if error == nil { error = text }
    }

    private mutating func refuse(target text: String) { refuse("ERR Target instance replied with error: \(text)") }

    // MARK: - Sending

    /// Appends the next request, or the next few that belong together; nothing if a reply has to come first.
    package mutating func produce(
        into output: inout OutputBuffer, from source: any MigrationSource, _ effect: (Effect) -> Void
    ) {
        switch phase {
        case .starting: greet(&output)
        case .greeting, .over: break
        case .sending:
            if large != nil {
                produceLarge(&output, source, effect)
            } else if nextKey < keys.count {
                nextKey += 1
                begin(nextKey - 1, &output, source, effect)
            }
        }
    }

    private mutating func greet(_ output: inout OutputBuffer) {
        if !options.credentials.isEmpty {
            output.append(requestOf: options.credentials.count + 1)
            output.append(argument: ("AUTH" as StaticString).bytes)
            for credential in options.credentials { output.append(argument: credential) }
            expect(.greeting)
        }
        if !options.isSelected {
            output.append(words: ["SELECT", "\(options.databaseIndex)"])
            expect(.greeting)
        }
        phase = expected.isEmpty ? .sending : .greeting
    }

    private mutating func expect(_ expectation: Expectation) { expected.append(expectation) }

    private mutating func begin(
        _ index: Int, _ output: inout OutputBuffer, _ source: any MigrationSource, _ effect: (Effect) -> Void
    ) {
        switch source.open(keys[index]) {
        case .gone: break
        case .tooLarge: refuse(Self.tooLarge)
        case .whole:
            var milliseconds: Int64 = 0
            switch source.lifetime(of: keys[index]) {
            case .gone: return
            case .unlimited: break
            case .milliseconds(let count): milliseconds = count
            }
            effect(.underWay(index))
            output.append(requestOf: options.replaces ? 5 : 4)
            output.append(argument: ("RESTORE" as StaticString).bytes)
            output.append(argument: keys[index])
            output.append(argument: milliseconds)
            source.appendPayload(to: &output)
            if options.replaces { output.append(argument: ("REPLACE" as StaticString).bytes) }
            expect(.restore(index))
        case .pieces(let countCommand, let count):
            effect(.underWay(index))
            large = Large(
                index: index, countCommand: countCommand, count: count, step: options.replaces ? .pieces : .unasked)
            produceLarge(&output, source, effect)
        }
    }

    private mutating func produceLarge(
        _ output: inout OutputBuffer, _ source: any MigrationSource, _ effect: (Effect) -> Void
    ) {
        guard let state = large else { return }
        let key = keys[state.index]
        switch state.step {
        case .unasked:
            output.append(words: ["EXISTS"], key)
            expect(.existence)
            large?.step = .asked
        case .pieces: producePiece(&output, source)
        case .settling:
            guard state.outstandingCount == 0 else { return }
            verify(&output, state, key)
        case .verified: commit(&output, source, key)
        case .failing: cleanUp(&output, effect)
        case .asked, .verifying, .committing, .cleaning: break
        }
    }

    private mutating func producePiece(_ output: inout OutputBuffer, _ source: any MigrationSource) {
        guard let state = large else { return }
        let before = output.count
        if !state.hasBegun { output.append(words: ["MULTI"]) }
        let piece = source.appendPiece(
            to: &output, key: options.temporaryKey,
            elementCountMax: state.hasBegun ? Self.pieceElementCountMax : Self.firstElementCountMax)
        guard case .commands(let count) = piece else {
            output.truncate(to: before)
            if piece == .tooLarge { refuse(Self.tooLarge) }
            large?.step = piece == .end && state.hasBegun ? .settling : .failing
            return
        }
        output.append(
            words: ["PEXPIRE"], options.temporaryKey, more: ["\(options.temporaryLifetimeMilliseconds)"])
        var replyCount = count + 1
        if !state.hasBegun {
            output.append(words: ["EXEC"])
            replyCount += 2
        }
        for _ in 0..<replyCount { expect(.piece) }
        large?.hasBegun = true
        large?.outstandingCount += replyCount
    }

    private mutating func verify(_ output: inout OutputBuffer, _ state: Large, _ key: [UInt8]) {
        if !options.replaces {
            output.append(words: ["WATCH"], key)
            expect(.watch)
            output.append(words: ["EXISTS"], key)
            expect(.existence)
        }
        output.append(words: [state.countCommand], options.temporaryKey)
        expect(.count)
        large?.step = .verifying
    }

    private mutating func commit(_ output: inout OutputBuffer, _ source: any MigrationSource, _ key: [UInt8]) {
        let lifetime = source.lifetime(of: key)
        guard lifetime != .gone else {
            large?.step = .failing
            return
        }
        output.append(words: ["MULTI"])
        output.append(words: ["RENAME"], options.temporaryKey, key)
        if case .milliseconds(let count) = lifetime {
            output.append(words: ["PEXPIRE"], key, more: ["\(count)"])
        } else {
            output.append(words: ["PERSIST"], key)
        }
        output.append(words: ["EXEC"])
        for _ in 0..<3 { expect(.commitStep) }
        expect(.commit)
        large?.step = .committing
    }

    /// Leaves nothing of an unfinished value on the target.
    private mutating func cleanUp(_ output: inout OutputBuffer, _ effect: (Effect) -> Void) {
        guard large?.hasBegun == true else { return giveUpLarge(effect) }
        output.append(words: ["UNWATCH"])
        expect(.watch)
        output.append(words: ["UNLINK"], options.temporaryKey)
        expect(.cleanup)
        large?.step = .cleaning
    }

    private mutating func giveUpLarge(_ effect: (Effect) -> Void) {
        guard let index = large?.index else { return }
        large = nil
        effect(.released(index))
    }

    // MARK: - Receiving

    /// Takes bytes of the target.
    /// - Returns: false when they are no replies to what was sent.
    package mutating func receive(_ bytes: ByteSlice, _ effect: (Effect) -> Void) -> Bool {
        if remainder.isEmpty { return take(bytes, effect) }
        var joined = remainder
        joined.append(contentsOf: bytes)
        remainder = []
        return joined.withUnsafeBytes { take($0, effect) }
    }

    private mutating func take(_ bytes: ByteSlice, _ effect: (Effect) -> Void) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let rest = bytes.slice(offset, bytes.count)
            switch ReplyReader.read(rest) {
            case .malformed: return false
            case .incomplete:
                remainder = [UInt8](rest)
                return remainder.count <= Self.replyByteCountMax
            case .reply(let reply, let byteCount):
                offset += byteCount
                guard metCount < expected.count else { return false }
                hasReply = true
                meet(nextExpectation(), reply, effect)
            }
        }
        return true
    }

    private mutating func nextExpectation() -> Expectation {
        let expectation = expected[metCount]
        metCount += 1
        if metCount == expected.count || metCount == Self.metCountMax {
            expected.removeFirst(metCount)
            metCount = 0
        }
        return expectation
    }

    private mutating func meet(_ expectation: Expectation, _ reply: PeerReply, _ effect: (Effect) -> Void) {
        switch expectation {
        case .greeting: greeted(reply)
        case .restore(let index):
            if let failure = reply.failure {
                refuse(target: failure)
                isSelected = false
                effect(.released(index))
            } else {
                effect(.acknowledged(index))
            }
        case .watch, .commitStep:
            if let failure = reply.failure { failLarge(failure) }
        case .piece:
            large?.outstandingCount -= 1
            if let failure = reply.failure { failLarge(failure) }
        case .existence:
            if let failure = reply.failure {
                failLarge(failure)
            } else if reply.integer != 0 {
                failLarge(Self.busy)
            } else if large?.step == .asked {
                large?.step = .pieces
            }
        case .count: counted(reply)
        case .commit: committed(reply, effect)
        case .cleanup: giveUpLarge(effect)
        }
    }

    private mutating func greeted(_ reply: PeerReply) {
        if let failure = reply.failure {
            refuse(target: failure)
            isSelected = false
            phase = .over
        }
        guard phase == .greeting, metCount == expected.count else { return }
        isSelected = true
        phase = .sending
    }

    private mutating func failLarge(_ text: String) {
        refuse(target: text)
        isSelected = false
        switch large?.step {
        case .cleaning, .committing, nil: break
        default: large?.step = .failing
        }
    }

    private mutating func counted(_ reply: PeerReply) {
        if let failure = reply.failure { return failLarge(failure) }
        guard large?.step == .verifying else { return }
        guard let count = large?.count, reply.integer == Int64(count) else {
            refuse(Self.incomplete)
            large?.step = .failing
            return
        }
        large?.step = .verified
    }

    private mutating func committed(_ reply: PeerReply, _ effect: (Effect) -> Void) {
        guard let index = large?.index else { return }
        if reply.kind == .array, reply.failure == nil {
            large = nil
            effect(.acknowledged(index))
            return
        }
        // Null: somebody has made the key meanwhile.
        refuse(target: reply.failure ?? Self.busy)
        isSelected = false
        large?.step = .failing
    }
}

extension OutputBuffer {
    mutating func append(argument bytes: [UInt8]) { bytes.withUnsafeBytes { append(argument: $0) } }

    fileprivate mutating func append(argument text: String) {
        var text = text
        text.withUTF8 { append(argument: ByteSlice($0)) }
    }

    /// Appends a request of words, a key or two, and more words.
    fileprivate mutating func append(words: [String], _ keys: [UInt8]..., more: [String] = []) {
        append(requestOf: words.count + keys.count + more.count)
        for word in words { append(argument: word) }
        for key in keys { append(argument: key) }
        for word in more { append(argument: word) }
    }
}
