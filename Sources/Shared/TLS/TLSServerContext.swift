/// What a listener needs to speak TLS: certificate, key, and whom to trust.
package final class TLSServerContext {
    init() {}
}
