import ControlModel
import Settings

extension SettingValue {
    /// The setting that a JSON value stands for, or nil for shapes that no setting has.
    init?(_ value: JSONValue) {
        switch value {
        case .boolean(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements):
            let texts = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
            guard texts.count == elements.count else { return nil }
            self = .strings(texts)
        case .null, .object: return nil
        }
    }

    var json: JSONValue {
        switch self {
        case .boolean(let flag): .boolean(flag)
        case .integer(let number): .integer(number)
        case .number(let number): .number(number)
        case .string(let text): .string(text)
        case .strings(let texts): .array(texts.map { .string($0) })
        }
    }
}
