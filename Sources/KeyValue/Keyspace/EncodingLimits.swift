/// Up to which size collections keep their packed forms: the directives of the same names, with Redis's defaults.
package struct EncodingLimits: Sendable {
    /// Integers in an intset (set-max-intset-entries).
    package var setIntegersMax = 512
    /// Members in a listpack (set-max-listpack-entries), and bytes of the longest (set-max-listpack-value).
    package var setPackedCountMax = 128
    package var setPackedByteCountMax = 64

    /// Fields in a listpack (hash-max-listpack-entries), and bytes of the longest field or value
    /// (hash-max-listpack-value).
    package var hashPackedCountMax = 512
    package var hashPackedByteCountMax = 64

    /// Elements in a node of a list, or, negative, its size: -1 to -5 are 4, 8, 16, 32 and 64 KiB
    /// (list-max-listpack-size).
    package var listNodeLimit: Int {
        get { list.setting }
        set { list = ListLimits(setting: newValue, plainByteCountMin: list.plainByteCountMin) }
    }
    /// The same, worked out, and the size from which on elements have a node of their own.
    package var list = ListLimits()
    /// Nodes at each end of a list that stay uncompressed; 0: all (list-compress-depth).
    package var listCompressDepth = 0

    /// Members in a listpack (zset-max-listpack-entries), and bytes of the longest (zset-max-listpack-value).
    package var sortedSetPackedCountMax = 128
    package var sortedSetPackedByteCountMax = 64

    /// Bytes (stream-node-max-bytes) and entries (stream-node-max-entries) in a node of a stream; 0: no limit.
    package var streamNodeByteCountMax = 4096
    package var streamNodeEntriesMax = 100

    package init() {}
}
