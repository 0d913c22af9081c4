/// One statement of a text: its kind, its effects and where its parts stand. Holds offsets only, no bytes.
package struct Statement: Hashable, Sendable {
    /// What the statement is, as far as the session is concerned.
    package enum Kind: UInt8, Hashable, Sendable {
        /// None of the others.
        case other
        case begin, commit, rollback, prepareTransaction, savepoint, release, rollbackToSavepoint
        /// SET whose effect can outlive the transaction (or SET LOCAL of the same): see `settingForm`.
        case set
        /// SET TRANSACTION, SET CONSTRAINTS: nothing is left behind the transaction.
        case setTransaction
        case reset
        case prepare, execute, deallocate
        case listen, unlisten, notify
        case declareCursor, closeCursor
        case createTemporary, drop, load, discard
        /// DO, CALL: a program that the text may or may not show.
        case routine
    }

    /// How SET and RESET name what they change.
    package enum SettingForm: UInt8, Hashable, Sendable {
        /// By `name`. Also SET ROLE (whose name is `role`) and RESET ROLE.
        case named
        /// SET TIME ZONE value; RESET TIME ZONE.
        case timeZone
        /// SET NAMES [value].
        case names
        /// SET SCHEMA 'value'.
        case schema
        /// SET XML OPTION DOCUMENT | CONTENT.
        case xmlOption
        /// SET SESSION AUTHORIZATION value; RESET SESSION AUTHORIZATION.
        case sessionAuthorization
        /// SET SESSION CHARACTERISTICS AS TRANSACTION value.
        case characteristics
        /// RESET TRANSACTION ISOLATION LEVEL.
        case transactionIsolation
    }

    /// What DISCARD throws away.
    package enum DiscardTarget: UInt8, Hashable, Sendable {
        case all, plans, sequences, temporary
    }

    package var kind = Kind.other
    package var settingForm = SettingForm.named
    package var discardTarget = DiscardTarget.all
    /// SET LOCAL.
    package var isLocal = false
    /// RESET ALL, DEALLOCATE ALL, CLOSE ALL, UNLISTEN *: there is no name.
    package var isAll = false
    /// COMMIT AND CHAIN, ROLLBACK AND CHAIN.
    package var isChained = false
    /// DECLARE … WITH HOLD.
    package var isHeld = false
    package var effects: StatementEffects = []
    /// From the first word to the last byte that is neither white space nor the semicolon.
    package var range = TextRange.none
    /// The setting, prepared statement, cursor, channel or savepoint; as written, with quotes and dots.
    package var name = TextRange.none
    /// SET: all values. PREPARE: the statement behind AS. EXECUTE: the arguments without their parentheses.
    /// NOTIFY: the payload.
    package var value = TextRange.none
    /// PREPARE: the types without their parentheses.
    package var types = TextRange.none
    /// PREPARE: the effects of the statement behind AS, which come with each EXECUTE.
    package var preparedEffects: StatementEffects = []

    package init() {}
}
