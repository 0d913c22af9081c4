extension Console {
    /// Lets the user type the name of what will be lost. Without a terminal nobody can, and `--force` must say it.
    func confirmLoss(of name: String, kind: String, force: Bool) throws {
        if force { return }
        guard inputIsTerminal else {
            throw CommandError(
                "deleting the \(kind) \(name.printable) loses its data, and nobody is there to confirm it",
                advice: "Repeat with --force if that is what you want.")
        }
        writeError("This deletes the \(kind) \(name.printable) and all its data. Type its name to go on: ")
        guard readLine() == name else {
            throw CommandError("nothing was deleted: that is not the name")
        }
    }
}
