/// How far a log's charges are above what its schedule aims at, in 0 … 100 units that each cost
/// ``FeeSchedule/congestionUnit``.
///
/// With r = rate ÷ target: 0 up to r = 1, 100 from r = 1.5 on, between them ⌊100 (e^{4 (r − 1)} − 1) ÷ (e² − 1)⌋. Units
/// are part of a price that everybody must recompute alike, so the exponential is not evaluated: a table says which
/// rates have how many units (docs/protocol.md §4), and integers are compared with it. What is captured of the fee goes
/// to the protocol account and not to the pool, so that nobody earns by flooding.
public enum Congestion {
    /// The most units.
    public static let unitsMax: UInt8 = 100

    /// Units at a rate, 0 … 100; 0 where `target` is 0: the schedule asks for no congestion fee.
    public static func units(perMinute counts: MinuteCounts, target: UInt32) -> UInt8 {
        guard target > 0 else { return 0 }
        // Below 2^94 and 2^63: neither product can overflow.
        let found = UInt128(counts.rate) * parts
        var low = 0
        var high = thresholds.count
        while low < high {
            let middle = (low + high) / 2
            if found >= UInt128(thresholds[middle]) * UInt128(target) { low = middle + 1 } else { high = middle }
        }
        return UInt8(low)
    }

    private static let parts: UInt128 = 1_000_000_000

    /// At place u − 1 the smallest rate ÷ target that has u units, in parts per 10^9 and rounded up: the 100 numbers of
    /// docs/protocol.md §4, made by script/vectors/congestion.py.
    public static let thresholds: [UInt64] = [
        1_015_483_133, 1_030_063_024, 1_043_839_275, 1_056_895_869, 1_069_304_278,
        1_081_125_825, 1_092_413_525, 1_103_213_517, 1_113_566_207, 1_123_507_178,
        1_133_067_927, 1_142_276_473, 1_151_157_845, 1_159_734_496, 1_168_026_645,
        1_176_052_562, 1_183_828_812, 1_191_370_461, 1_198_691_250, 1_205_803_748,
        1_212_719_481, 1_219_449_043, 1_226_002_195, 1_232_387_950, 1_238_614_649,
        1_244_690_021, 1_250_621_249, 1_256_415_015, 1_262_077_545, 1_267_614_653,
        1_273_031_776, 1_278_334_003, 1_283_526_108, 1_288_612_571, 1_293_597_605,
        1_298_485_178, 1_303_279_026, 1_307_982_678, 1_312_599_464, 1_317_132_535,
        1_321_584_872, 1_325_959_302, 1_330_258_504, 1_334_485_021, 1_338_641_271,
        1_342_729_551, 1_346_752_050, 1_350_710_850, 1_354_607_938, 1_358_445_208,
        1_362_224_469, 1_365_947_448, 1_369_615_797, 1_373_231_097, 1_376_794_860,
        1_380_308_534, 1_383_773_508, 1_387_191_114, 1_390_562_629, 1_393_889_280,
        1_397_172_245, 1_400_412_657, 1_403_611_605, 1_406_770_136, 1_409_889_260,
        1_412_969_946, 1_416_013_132, 1_419_019_719, 1_421_990_577, 1_424_926_545,
        1_427_828_434, 1_430_697_024, 1_433_533_073, 1_436_337_309, 1_439_110_439,
        1_441_853_146, 1_444_566_088, 1_447_249_906, 1_449_905_219, 1_452_532_625,
        1_455_132_704, 1_457_706_021, 1_460_253_119, 1_462_774_527, 1_465_270_760,
        1_467_742_314, 1_470_189_672, 1_472_613_305, 1_475_013_666, 1_477_391_200,
        1_479_746_336, 1_482_079_493, 1_484_391_076, 1_486_681_481, 1_488_951_092,
        1_491_200_285, 1_493_429_422, 1_495_638_858, 1_497_828_939, 1_500_000_000,
    ]
}
