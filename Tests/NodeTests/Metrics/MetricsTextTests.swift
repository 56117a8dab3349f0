import Testing

@testable import Node

@Suite struct MetricsTextTests {
    @Test func `a family is its help, its kind and its samples, escaped as the format has it`() {
        let family = MetricFamily(
            name: "a_total", kind: .counter, help: "A \\ and\na line.",
            samples: [
                MetricFamily.Sample(
                    labels: [
                        MetricFamily.Label(name: "x", value: "say \"no\"\n\\"),
                        MetricFamily.Label(name: "y", value: "é"),
                    ], value: 3),
                MetricFamily.Sample(suffix: "_sum", value: 0.5),
            ])
        #expect(
            MetricsText.text([family]) == """
                # HELP a_total A \\\\ and\\na line.
                # TYPE a_total counter
                a_total{x="say \\"no\\"\\n\\\\",y="é"} 3
                a_total_sum 0.5

                """)
    }

    @Test func `whole numbers are written as such, and what is none as the format names it`() {
        #expect(MetricsText.number(4_503_599_627_370_497) == "4503599627370497")
        #expect(MetricsText.number(-0.25) == "-0.25")
        #expect([Double.infinity, -.infinity, .nan].map(MetricsText.number) == ["+Inf", "-Inf", "NaN"])
    }

    @Test func `a histogram counts each size in every bucket that has room for it`() {
        var histogram = SizeHistogram()
        for size in [1, 4, 5, 5_000] { histogram.add(size) }
        let family = histogram.family("c", "Help.")
        #expect(family.samples.map(\.value) == [1, 2, 3, 3, 3, 3, 4, 5_010, 4])
        #expect(family.samples.map(\.suffix).suffix(3) == ["_bucket", "_sum", "_count"])
        #expect(family.samples[6].labels == [MetricFamily.Label(name: "le", value: "+Inf")])
    }
}
