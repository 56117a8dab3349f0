import ResourceMeter
import Foundation

/// The target that this process fuzzes.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FEESVC_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        violation("FEESVC_FUZZ_TARGET names no target: \"\(name)\"")
    }
    return target
}()

/// What libFuzzer calls once, before anything else.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> CInt {
    if let folder = ProcessInfo.processInfo.environment["FEESVC_FUZZ_SEEDS"] {
        do {
            for target in FuzzTarget.all { try target.writeSeeds(to: folder) }
        } catch {
            FileHandle.standardError.write(Data("the seeds can't be written: \(error)\n".utf8))
            exit(1)
        }
        exit(0)
    }
    meter_install()
    return 0
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.test([UInt8](UnsafeBufferPointer(start: start, count: count)))
    return 0
}
