extension UserList {
    /// Reads the form of PgBouncer's userlist.txt:
    ///
    ///     file   = *( space / comment / line )
    ///     line   = quoted junk quoted rest-of-line      the user, and its secret
    ///     quoted = DQUOTE *( any but DQUOTE / 2DQUOTE ) DQUOTE
    ///
    /// A comment begins with `;`. What is broken ends the reading; users before it count.
    static func parse(_ bytes: [UInt8], path: String, notes: inout NoteList) -> UserList {
        var list = UserList()
        var scanner = ByteScanner(bytes)
        while true {
            scanner.take(while: ASCII.isSpace)
            guard let byte = scanner.next else { return list }
            if byte == UInt8(ascii: ";") {
                _ = scanner.takeLine()
                continue
            }
            let place = FilePlace(path: path, line: scanner.line)
            do throws(ValueProblem) {
                let (user, secret) = try line(&scanner)
                list.secrets[user] = secret
            } catch {
                notes.add("broken auth file: \(error.reason)", place)
                return list
            }
        }
    }

    private static func line(_ scanner: inout ByteScanner) throws(ValueProblem) -> (String, SecretText) {
        guard scanner.next == UInt8(ascii: "\"") else { throw ValueProblem("no quoted user name") }
        let user = try quoted(&scanner)
        guard user.utf8.count <= ConfigurationLimits.userNameBytesMax else { throw ValueProblem("username too long") }
        scanner.take { $0 != UInt8(ascii: "\"") }
        let secret = try quoted(&scanner)
        guard secret.utf8.count <= ConfigurationLimits.secretBytesMax else { throw ValueProblem("password too long") }
        _ = scanner.takeLine()
        return (user, SecretText(secret))
    }

    private static func quoted(_ scanner: inout ByteScanner) throws(ValueProblem) -> String {
        var text: [UInt8] = []
        guard scanner.skip("\"") else { throw ValueProblem("no quoted password") }
        while true {
            text += scanner.take { $0 != UInt8(ascii: "\"") }
            guard scanner.skip("\"") else { throw ValueProblem("a quote that does not end") }
            guard scanner.skip("\"") else { break }
            text.append(UInt8(ascii: "\""))
        }
        guard !text.contains(0), let valid = String(validating: text, as: UTF8.self) else {
            throw ValueProblem("not UTF-8 text")
        }
        return valid
    }
}
