/// What the completion of one statement changes in a session, as far as the text told.
package enum SessionChange: Hashable, Sendable {
    /// Nothing that has a name here; the suspicion of its step may still hold.
    case none
    case begin
    /// COMMIT, PREPARE TRANSACTION.
    case commit
    case rollback
    case savepoint(String)
    case release(String)
    case rollbackToSavepoint(String)
    /// Settings that outlast the transaction.
    case set([SettingList.Entry])
    /// A SET whose value is not understood and cannot be repeated elsewhere.
    case setUntrackable(String)
    case reset(String)
    case resetAll
    case prepare(String, SQLPreparedStatement)
    case execute(String)
    case deallocate(String)
    case deallocateAll
    case listen(String)
    case unlisten(String)
    case unlistenAll
    case load
    case discardAll
    case discardSequences
}

/// A statement that the client prepared by SQL.
package struct SQLPreparedStatement: Hashable, Sendable {
    /// Between the parentheses behind the name; empty if there are none.
    package let types: [UInt8]
    /// Behind AS.
    package let text: [UInt8]
    /// What each EXECUTE of it may leave behind.
    package let suspicion: Suspicion
}

/// What a statement may have left behind, to be looked at when its transaction is over.
package struct Suspicion: Hashable, Sendable {
    /// Looked at in any case.
    package var scope: ProbeScope = []
    /// Looked at only if the client is pinned by it: the statement may have ended that.
    package var endings: ProbeScope = []
    /// Settings that the statement sets, to values that its text does not tell.
    package var settingNames: [String] = []
    /// Settings may have been changed whose names are not known.
    package var hidesSettings = false
    /// nextval and setval; currval and lastval.
    package var changesSequences = false
    package var readsSequences = false

    package init() {}

    package var isEmpty: Bool { self == Suspicion() }

    package mutating func formUnion(_ other: Suspicion) {
        scope.formUnion(other.scope)
        endings.formUnion(other.endings)
        for name in other.settingNames where !settingNames.contains(name) { settingNames.append(name) }
        hidesSettings = hidesSettings || other.hidesSettings
        changesSequences = changesSequences || other.changesSequences
        readsSequences = readsSequences || other.readsSequences
    }
}
