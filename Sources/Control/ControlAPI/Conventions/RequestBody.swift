import ControlModel
import Foundation

/// The JSON object that a client sent, read field by field with errors that name the field.
///
/// A field that is null is as good as absent; fields that nobody asks for are ignored. Wrong types are 422.
struct RequestBody: Sendable {
    /// What strings may have when nothing narrower is said.
    static let stringBytesMax = 4096
    /// What lists may have when nothing narrower is said.
    static let elementsMax = 1000

    let fields: [String: JSONValue]
    /// Where this object is within the body, for messages: "rules[2]."; empty for the body itself.
    private let path: String

    init(json bytes: [UInt8], depthMax: Int) throws {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes, depthMax: depthMax)
        } catch .syntax(let offset, let message) {
            throw APIError(.badRequest, "The body is not valid JSON: \(message) at byte \(offset).")
        } catch .numberOutOfRange(let offset) {
            throw ServiceError.unprocessable("The number at byte \(offset) of the body is out of range.")
        }
        guard case .object(let fields) = value else {
            throw ServiceError.unprocessable("The body must be a JSON object.")
        }
        self.init(fields: fields, path: "")
    }

    init(fields: [String: JSONValue], path: String) {
        self.fields = fields
        self.path = path
    }

    func has(_ name: String) -> Bool {
        switch fields[name] {
        case nil, .null: false
        default: true
        }
    }

    // MARK: Fields that may be absent

    func string(_ name: String, bytesMax: Int = stringBytesMax) throws -> String? {
        try field(name).map { try string($0, name: path + name, bytesMax: bytesMax) }
    }

    func integer(_ name: String) throws -> Int? {
        guard let value = field(name) else { return nil }
        switch value {
        case .integer(let integer): return integer
        case .number(let number):
            guard let integer = Int(exactly: number) else {
                throw wrong(name, number.rounded() == number ? "is out of range" : "must be a whole number")
            }
            return integer
        default: throw wrong(name, "must be a whole number")
        }
    }

    func boolean(_ name: String) throws -> Bool? {
        guard let value = field(name) else { return nil }
        guard case .boolean(let boolean) = value else { throw wrong(name, "must be true or false") }
        return boolean
    }

    func strings(_ name: String, countMax: Int = elementsMax) throws -> [String]? {
        try elements(name, countMax: countMax)?.enumerated().map { index, value in
            try string(value, name: "\(path)\(name)[\(index)]", bytesMax: Self.stringBytesMax)
        }
    }

    func object(_ name: String) throws -> RequestBody? {
        guard let value = field(name) else { return nil }
        guard case .object(let fields) = value else { throw wrong(name, "must be an object") }
        return RequestBody(fields: fields, path: "\(path)\(name).")
    }

    func objects(_ name: String, countMax: Int = elementsMax) throws -> [RequestBody]? {
        try elements(name, countMax: countMax)?.enumerated().map { index, value in
            guard case .object(let fields) = value else { throw wrong("\(name)[\(index)]", "must be an object") }
            return RequestBody(fields: fields, path: "\(path)\(name)[\(index)].")
        }
    }

    // MARK: Fields that must be there

    func requiredString(_ name: String, bytesMax: Int = stringBytesMax) throws -> String {
        guard let value = try string(name, bytesMax: bytesMax) else { throw missing(name) }
        guard !value.isEmpty else { throw wrong(name, "must not be empty") }
        return value
    }

    func requiredInteger(_ name: String) throws -> Int {
        guard let value = try integer(name) else { throw missing(name) }
        return value
    }

    func requiredObject(_ name: String) throws -> RequestBody {
        guard let value = try object(name) else { throw missing(name) }
        return value
    }

    /// The whole object as a type that names the API's keys itself; what is wrong with it is 422.
    func decoded<Value: Decodable>() throws -> Value {
        let bytes = try JSONEncoder().encode(JSONValue.object(fields))
        do {
            return try JSONDecoder().decode(Value.self, from: bytes)
        } catch DecodingError.keyNotFound(let key, let context) {
            throw missing(Self.name(of: context.codingPath + [key]))
        } catch DecodingError.valueNotFound(_, let context) {
            throw missing(Self.name(of: context.codingPath))
        } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
            throw wrong(Self.name(of: context.codingPath), "has the wrong type or a value that is not offered")
        }
    }

    /// "runs[2].tps"
    private static func name(of path: [any CodingKey]) -> String {
        path.reduce("") { name, key in
            if let index = key.intValue { return "\(name)[\(index)]" }
            return name.isEmpty ? key.stringValue : "\(name).\(key.stringValue)"
        }
    }

    func missing(_ name: String) -> ServiceError { wrong(name, "is required") }

    func wrong(_ name: String, _ what: String) -> ServiceError { .unprocessable("\(path)\(name) \(what).") }

    // MARK: Reading

    private func field(_ name: String) -> JSONValue? { has(name) ? fields[name] : nil }

    private func elements(_ name: String, countMax: Int) throws -> [JSONValue]? {
        guard let value = field(name) else { return nil }
        guard case .array(let elements) = value else { throw wrong(name, "must be a list") }
        guard elements.count <= countMax else { throw wrong(name, "must have at most \(countMax) elements") }
        return elements
    }

    private func string(_ value: JSONValue, name: String, bytesMax: Int) throws -> String {
        guard case .string(let text) = value else { throw ServiceError.unprocessable("\(name) must be a string.") }
        guard text.utf8.count <= bytesMax else {
            throw ServiceError.unprocessable("\(name) must have at most \(bytesMax) bytes.")
        }
        guard !text.utf8.contains(0) else { throw ServiceError.unprocessable("\(name) must not contain NUL.") }
        return text
    }
}
