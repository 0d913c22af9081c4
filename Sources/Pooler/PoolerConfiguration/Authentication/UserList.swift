/// Users and their secrets as a file of `auth_file` lists them.
package struct UserList: Equatable, Sendable {
    /// By user. A secret is a password, `md5` with a digest, or a SCRAM verifier; it may be empty.
    package internal(set) var secrets = NamedEntries<SecretText>()

    package init() {}
}
