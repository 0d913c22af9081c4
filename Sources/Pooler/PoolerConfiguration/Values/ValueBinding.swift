/// Why a text is not a value of a setting.
package struct ValueProblem: Error, Equatable, Sendable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// What texts a setting takes, for messages and documentation.
package enum ValueKind: Equatable, Sendable {
    case integer(ClosedRange<Int>)
    /// A whole number of which anything but zero means yes, as in PgBouncer.
    case boolean
    /// Seconds, with or without a fraction.
    case seconds
    case text
    /// Words with commas or spaces between.
    case list
    /// One of the words, in any case.
    case choice([String])
    /// The permissions of a file; octal with the leading zero that PgBouncer asks for.
    case octalMode
    case tlsVersions
    /// Known by name and refused, for the reason.
    case refused(String)
}

/// How the text of one key becomes a field of a `Subject` and text again.
///
/// Rows of tables hold one; the factories are in `ValueBinding+Kinds.swift`.
package struct ValueBinding<Subject>: Sendable {
    package let kind: ValueKind
    /// Stores what the text means.
    let write: @Sendable (_ text: String, _ subject: inout Subject) throws(ValueProblem) -> Void
    /// The stored value in its usual form; nil if it is not set.
    let show: @Sendable (_ subject: Subject) -> String?
    /// Takes the value over from another subject.
    let copy: @Sendable (_ source: Subject, _ target: inout Subject) -> Void
    /// Whether both have the same value.
    let isSame: @Sendable (_ one: Subject, _ other: Subject) -> Bool

    /// A field of a subject.
    typealias Field<Value> = any WritableKeyPath<Subject, Value> & Sendable

    /// Binds a field by how its texts are read and shown.
    init<Value: Equatable & Sendable>(
        _ kind: ValueKind, _ path: Field<Value>,
        parse: @escaping @Sendable (String) throws(ValueProblem) -> Value,
        show: @escaping @Sendable (Value) -> String?
    ) {
        self.kind = kind
        write = { text, subject throws(ValueProblem) in subject[keyPath: path] = try parse(text) }
        self.show = { subject in show(subject[keyPath: path]) }
        copy = { source, target in target[keyPath: path] = source[keyPath: path] }
        isSame = { one, other in one[keyPath: path] == other[keyPath: path] }
    }

    /// Refuses every text but those that ask for nothing.
    init(refusing reason: String, except harmless: Set<String>) {
        kind = .refused(reason)
        write = { text, _ throws(ValueProblem) in
            guard harmless.contains(text) else { throw ValueProblem(reason) }
        }
        show = { _ in nil }
        copy = { _, _ in }
        isSame = { _, _ in true }
    }
}
