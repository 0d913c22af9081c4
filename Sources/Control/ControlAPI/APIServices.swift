import ControlModel
import Foundation

/// What the routes call; one value for all of them.
struct APIServices: Sendable {
    let accounts: any AccountService
    let databases: any DatabaseService
    let configuration: APIConfiguration
    let now: @Sendable () -> Date
}
