// How far a consumer group has read: known as long as nothing was deleted ahead of it.

extension Stream {
    /// Whether something may have been deleted from the id on, among the entries that are there.
    package func mayHaveGaps(from start: StreamID) -> Bool {
        guard length > 0, !maxDeletedID.isZero, firstID <= maxDeletedID else { return false }
        return start <= maxDeletedID
    }

    /// How many entries were added up to and with that id since the stream began, or nil where that is not known: when
    /// the id lies between the first and the last entry, or something was deleted.
    package func entriesAdded(upTo id: StreamID) -> Int64? {
        guard entriesAdded != 0 else { return 0 }
        if length == 0 && id <= lastID { return entriesAdded }
        if id == lastID { return entriesAdded }
        if id > lastID { return nil }
        guard maxDeletedID.isZero || maxDeletedID < firstID else { return nil }
        if id < firstID { return entriesAdded &- Int64(length) }
        return id == firstID ? entriesAdded &- Int64(length) &+ 1 : nil
    }

    /// How many entries the group has still to be given, or nil where that is not known.
    package func lag(of group: StreamGroup) -> Int64? {
        guard entriesAdded != 0 else { return 0 }
        if let read = group.entriesRead, !mayHaveGaps(from: group.lastID) { return entriesAdded &- read }
        return entriesAdded(upTo: group.lastID).map { entriesAdded &- $0 }
    }

    /// Moves the group on to an entry that it is given.
    package func advance(_ group: StreamGroup, to id: StreamID) {
        guard id > group.lastID else { return }
        if let read = group.entriesRead, !mayHaveGaps(from: id) {
            group.setEntriesRead(read &+ 1)
        } else if entriesAdded != 0 {
            group.setEntriesRead(entriesAdded(upTo: id))
        }
        group.setLastID(id)
    }
}
