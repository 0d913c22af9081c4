import Foundation

/// Brings a password into the one form that both sides hash (RFC 4013 over RFC 3454), the way PostgreSQL does.
///
/// ASCII passes unchanged. A password that the profile forbids passes unchanged too, as in PostgreSQL and libpq, which
/// fall back to the raw bytes. Normalisation follows Foundation's Unicode version, not 3.2: characters that are younger
/// are forbidden anyway.
package enum SASLprep {
    /// The prepared password, or the password as it is. O(n).
    package static func prepare(_ password: String) -> String {
        guard !password.utf8.allSatisfy({ $0 < 0x80 }) else { return password }
        let normalized = mapped(password).precomposedStringWithCompatibilityMapping
        let scalars = normalized.unicodeScalars
        guard !scalars.isEmpty, scalars.allSatisfy(isAllowed), isDirectionConsistent(scalars) else { return password }
        return normalized
    }

    /// RFC 4013, section 2.1: spaces become U+0020, what is commonly mapped to nothing vanishes.
    private static func mapped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x00a0, 0x1680, 0x2000...0x200b, 0x202f, 0x205f, 0x3000: result.append(" ")
            case 0x00ad, 0x034f, 0x1806, 0x180b...0x180d, 0x200c...0x200d, 0x2060, 0xfe00...0xfe0f, 0xfeff: continue
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// RFC 4013, sections 2.3 and 2.5: neither prohibited nor unassigned in Unicode 3.2.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age, (age.major, age.minor) <= (3, 2) else { return false }
        return !SASLprepTables.prohibited.contains(scalar)
    }

    /// RFC 3454, section 6: right-to-left text holds no left-to-right letters and has a right-to-left letter at both
    /// ends.
    private static func isDirectionConsistent(_ scalars: String.UnicodeScalarView) -> Bool {
        guard scalars.contains(where: SASLprepTables.rightToLeft.contains) else { return true }
        guard !scalars.contains(where: SASLprepTables.leftToRight.contains) else { return false }
        guard let first = scalars.first, let last = scalars.last else { return true }
        return SASLprepTables.rightToLeft.contains(first) && SASLprepTables.rightToLeft.contains(last)
    }
}
