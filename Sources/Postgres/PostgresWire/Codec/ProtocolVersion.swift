/// The version word of a StartupMessage: major in the high half, minor in the low half.
package struct ProtocolVersion: RawRepresentable, Hashable, Sendable, Comparable {
    package let rawValue: UInt32

    @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A version from its two halves.
    @inlinable
    package init(major: UInt16, minor: UInt16) {
        self.rawValue = UInt32(major) << 16 | UInt32(minor)
    }

    /// 3.0, since PostgreSQL 7.4.
    @inlinable package static var v3_0: ProtocolVersion { ProtocolVersion(major: 3, minor: 0) }
    /// 3.2, since PostgreSQL 18: longer cancel keys. 3.1 was never used.
    @inlinable package static var v3_2: ProtocolVersion { ProtocolVersion(major: 3, minor: 2) }
    /// The newest version this codec speaks.
    @inlinable package static var newest: ProtocolVersion { .v3_2 }

    /// High half.
    @inlinable package var major: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 16) }
    /// Low half.
    @inlinable package var minor: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

    /// Length a cancel key's secret may have under this version, in bytes.
    @inlinable package var cancelSecretByteCounts: ClosedRange<Int> {
        let shortest = WireLimits.cancelSecretByteCountMin
        return shortest...(self >= .v3_2 ? WireLimits.cancelSecretByteCountMax : shortest)
    }

    @inlinable
    package static func < (left: ProtocolVersion, right: ProtocolVersion) -> Bool { left.rawValue < right.rawValue }
}
