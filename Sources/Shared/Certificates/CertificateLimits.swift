/// How long certificates live and how large the input may be: every number of this module in one place.
package enum CertificateLimits {
    /// A certificate authority's life.
    package static let authorityValidDays = 3_650
    /// A leaf's life. Clients refuse more than 825 days for a private authority; browsers like less than 398.
    package static let leafValidDays = 397
    /// A leaf with less than this left is renewed.
    package static let renewalMarginDays = 30
    /// How far back a certificate's life starts, for clients whose clocks run behind.
    package static let clockSkewSeconds = 3_600
    /// Bytes of randomness in a serial number (RFC 5280 §4.1.2.2 allows 20 at most).
    package static let serialNumberBytes = 16
    /// X.520's upper bound on a common name.
    package static let commonNameBytesMax = 64
    /// A DNS name's longest form (RFC 1035 §2.3.4).
    package static let domainNameBytesMax = 253
    /// A DNS label's longest form.
    package static let domainLabelBytesMax = 63
    /// Subject alternative names in one certificate.
    package static let namesMax = 100
    /// PEM text that is looked at; more is refused unread.
    package static let pemBytesMax = 65_536

    static let secondsPerDay = 86_400
}
