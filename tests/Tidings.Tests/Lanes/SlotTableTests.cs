using TestKit;
using Tidings.Lanes;

namespace Tidings.Tests.Lanes;

public sealed class SlotTableTests
{
    [Fact]
    public void A_stale_key_finds_nothing_though_its_slot_is_used_again()
    {
        var table = new SlotTable<string>();
        var first = table.Add("first");
        Assert.True(table.Remove(first));
        var second = table.Add("second");
        Assert.Equal((uint)first, (uint)second);
        Assert.Null(table.Find(first));
        Assert.False(table.Remove(first));
        Assert.Equal("second", table.Find(second));
        Assert.Equal(1, table.Count);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(63UL)]
    [InlineData(1_000_000UL)]
    [InlineData(ulong.MaxValue)]
    public void A_key_that_was_never_given_finds_nothing(ulong key)
    {
        var table = new SlotTable<string>();
        Assert.Null(table.Find(key));
        Assert.False(table.Remove(key));
    }

    [Fact]
    public void It_does_what_a_dictionary_does() => Seeds.Each(100, random =>
    {
        var table = new SlotTable<object>();
        var model = new Dictionary<ulong, object>();
        var gone = new List<ulong>();
        for (var step = 0; step < 1_000; step++)
        {
            if (model.Count == 0 || random.Next(100) < (step % 400 < 200 ? 70 : 30))
            {
                var item = new object();
                model.Add(table.Add(item), item);
            }
            else
            {
                var key = model.Keys.ElementAt(random.Next(model.Count));
                Assert.True(table.Remove(key));
                model.Remove(key);
                gone.Add(key);
            }

            Assert.Equal(model.Count, table.Count);
        }

        Assert.All(model, pair => Assert.Same(pair.Value, table.Find(pair.Key)));
        Assert.All(gone, key => Assert.Null(table.Find(key)));
        Assert.Equal(model.Values.ToHashSet(), table.Snapshot().ToHashSet());
    });
}
