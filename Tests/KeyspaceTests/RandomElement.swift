import SeededRandom

/// Texts of all encodings, integers of all widths among them.
func randomElement(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0...3:
        let bits = Int64.random(in: 0..<64, using: &random)
        return Array(String(Int64.random(in: .min ... .max, using: &random) >> bits).utf8)
    case 4: return Array("0\(Int.random(in: 0..<100, using: &random))".utf8)
    case 5: return []
    case 6...8:
        let count = Int.random(in: 1..<80, using: &random)
        return (0..<count).map { _ in UInt8.random(in: 0x61...0x7A, using: &random) }
    default:
        let count = [63, 64, 4095, 4096, 5000, 16_378, 16_385].randomElement(using: &random) ?? 1
        return [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: count)
    }
}

/// Bytes as two hexadecimal digits each.
func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
