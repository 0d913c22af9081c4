/// Why a SCRAM exchange ended without success.
package enum ScramError: Error, Hashable, Sendable {
    /// A message is not of the form RFC 5802, section 7, gives.
    case malformedMessage
    /// A message of more than 4,096 bytes.
    case messageTooLong(byteCount: Int)
    /// A mandatory extension (`m=`), of which there are none.
    case unsupportedExtension
    /// The client wants to act for somebody else (`a=`), which PostgreSQL has no notion of.
    case unsupportedAuthorizationIdentity
    /// A mechanism that was not offered, or whose name does not go with the message's channel-binding flag.
    case mechanismMismatch
    /// The client could have bound to the channel and did not see the offer: somebody between took it out.
    case channelBindingDowngrade
    /// A kind of channel binding other than tls-server-end-point.
    case unsupportedChannelBinding
    /// The client bound to another channel than this one.
    case channelBindingMismatch
    /// The other side's nonce does not begin with ours, adds nothing to it, or has changed.
    case nonceMismatch
    /// The server asks for no rounds or for more than `WireLimits.scramIterationsMax`.
    case iterationsOutOfRange
    /// A salt that is empty or longer than 1,024 bytes.
    case saltOutOfRange
    /// The password is empty or longer than 65,530 bytes.
    case passwordOutOfRange
    /// Server: wrong password or unknown user; the client must not learn which.
    case authenticationFailed
    /// Client: the server does not know the password's verifier, so it is not who it claims to be.
    case serverSignatureMismatch
    /// Client: the server reports this error.
    case serverError(String)
    /// A call that does not go with the state of the exchange.
    case outOfOrder
    /// The cryptographic library failed.
    case cryptographyFailed
}
