/// A password, or what was made of it, that no description, dump or interpolation prints.
package struct SecretText: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// The secret itself. Only for logging in, never for a message.
    package let revealed: String

    package init(_ text: String) { revealed = text }

    package var description: String { "(secret)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// Equal if all bytes are.
    package static func == (one: SecretText, other: SecretText) -> Bool {
        one.revealed.utf8.elementsEqual(other.revealed.utf8)
    }
}
