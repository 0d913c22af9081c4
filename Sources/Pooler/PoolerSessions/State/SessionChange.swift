package import SessionStatements

/// What the completion of one statement changes in a session, as far as the text told.
package enum SessionChange: Hashable, Sendable {
    /// Nothing that has a name here; the suspicion of its step may still hold.
    case none
    case begin
    case commit(isChained: Bool)
    case rollback(isChained: Bool)
    case savepoint(String)
    case release(String)
    case rollbackToSavepoint(String)
    /// Settings that last; `isLocal`: until the transaction ends.
    case set([SettingList.Entry], isLocal: Bool)
    /// A SET whose value cannot be repeated elsewhere.
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
    /// What each EXECUTE of it does.
    package let effects: StatementEffects

    package init(types: [UInt8], text: [UInt8], effects: StatementEffects) {
        self.types = types
        self.text = text
        self.effects = effects
    }
}

/// What the completion of a text's statements changes, one step for each CommandComplete. Made once for a text: kept
/// with a prepared statement, or with an outstanding Query.
package struct SessionPlan: Hashable, Sendable {
    package struct Step: Hashable, Sendable {
        package var change: SessionChange
        /// What has to be looked at when the transaction is over.
        package var suspicion: ProbeScope
    }

    package let effects: StatementEffects
    package let steps: [Step]
    /// The statements behind the steps, for those who rewrite the text.
    package let statements: [Statement]
}
