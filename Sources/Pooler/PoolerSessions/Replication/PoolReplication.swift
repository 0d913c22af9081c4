/// The part of a pool for replication: servers that are never shared, and the clients that have or want them.
struct PoolReplication {
    /// In whatever state; each belongs to one client from the wish to connect on, and is closed with it.
    var servers = RecordList<Server>()
    /// Clients whose server is not there yet, first come first. Those with one are among the pool's `clients`.
    var waiting = RecordList<Client>()
    /// After a failure: no connecting before this time. Apart from the pool's, because a server may lack what
    /// replication needs and serve everybody else.
    var retryTime: Int64 = 0
    /// The pause after the next failure.
    var retryDelay: Int64 = 0
}
