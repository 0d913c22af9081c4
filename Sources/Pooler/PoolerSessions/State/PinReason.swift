/// Why a client keeps its server between transactions.
package enum PinReason: UInt8, CaseIterable, Hashable, Sendable {
    /// A cursor WITH HOLD is open.
    case holdCursor
    /// An advisory lock of the session is held.
    case advisoryLock
    /// A table, view, sequence, function or type of this session alone exists.
    case temporaryObject
    /// LOAD: a library cannot be unloaded.
    case loadedLibrary
    /// A statement prepared by SQL on the server under the client's own name.
    case preparedStatement
    /// The server itself listens for the client.
    case listening
    /// A setting that cannot be written into a SET for another server.
    case setting
    /// The client reads currval or lastval, and has advanced a sequence here.
    case sequence
    /// What the session holds could not be found out.
    case unknown

    /// How the console and the metrics call it.
    package var word: String {
        switch self {
        case .holdCursor: "hold_cursor"
        case .advisoryLock: "advisory_lock"
        case .temporaryObject: "temporary_object"
        case .loadedLibrary: "loaded_library"
        case .preparedStatement: "prepared_statement"
        case .listening: "listening"
        case .setting: "setting"
        case .sequence: "sequence"
        case .unknown: "unknown"
        }
    }

    /// What is known to end a reason.
    package enum Ending: Hashable, Sendable {
        /// A probe that finds nothing of the subject; asked for after each statement that may have ended it.
        case probe(ProbeScope)
        /// DISCARD ALL or DISCARD SEQUENCES.
        case discardSequences
        /// RESET of the setting, RESET ALL or DISCARD ALL.
        case reset
        /// Nothing but the client's end; the server has to be closed then.
        case disconnect
    }

    package var ending: Ending {
        switch self {
        case .holdCursor: .probe(.cursors)
        case .advisoryLock: .probe(.locks)
        case .temporaryObject: .probe(.temporary)
        case .preparedStatement: .probe(.statements)
        case .listening: .probe(.channels)
        case .unknown: .probe(.objects)
        case .setting: .reset
        case .sequence: .discardSequences
        case .loadedLibrary: .disconnect
        }
    }
}

/// A set of reasons.
package struct PinReasons: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package init(_ reason: PinReason) { rawValue = 1 << UInt16(reason.rawValue) }

    package func contains(_ reason: PinReason) -> Bool { contains(PinReasons(reason)) }

    /// What a probe has to look at to see whether any of the reasons has ended.
    package var endingScope: ProbeScope {
        PinReason.allCases.reduce(into: []) { scope, reason in
            if contains(reason), case .probe(let subject) = reason.ending { scope.formUnion(subject) }
        }
    }

    /// In the order of `PinReason`, by console word, with commas.
    package var words: String {
        PinReason.allCases.filter { contains($0) }.map(\.word).joined(separator: ",")
    }
}

/// What a probe asks about.
package struct ProbeScope: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Advisory locks of the session.
    package static let locks = ProbeScope(rawValue: 1 << 0)
    /// Objects in the session's temporary schema.
    package static let temporary = ProbeScope(rawValue: 1 << 1)
    /// Cursors WITH HOLD.
    package static let cursors = ProbeScope(rawValue: 1 << 2)
    /// Channels that the server listens on.
    package static let channels = ProbeScope(rawValue: 1 << 3)
    /// Statements prepared by SQL under names that are not the pooler's.
    package static let statements = ProbeScope(rawValue: 1 << 4)
    /// Settings that the client is known to use, and the role: for statements that change them in ways unknown.
    package static let namedSettings = ProbeScope(rawValue: 1 << 5)
    /// All settings that the server lists; many times dearer than all the others together.
    package static let allSettings = ProbeScope(rawValue: 1 << 6)

    /// What a function can leave behind that a client depends on, and that is cheap to ask about.
    package static let objects: ProbeScope = [.locks, .temporary, .cursors, .channels, .statements]
    package static let all: ProbeScope = [.objects, .namedSettings, .allSettings]
}
