namespace Tidings.Client.Tests.Units;

/// <summary>What waits for the application's loop is bounded in number and in bytes, and one event of any size may wait alone.</summary>
public sealed class EventQueueTests
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const int EventBytes = 64;

    [Fact]
    public void It_takes_as_many_as_it_may()
    {
        var queue = new EventQueue(3);
        Assert.True(queue.IsEmpty);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => queue.TryPut(Of(1))));
        Assert.False(queue.IsEmpty);
    }

    [Fact]
    public void One_of_any_size_may_wait_alone()
    {
        var queue = new EventQueue(3);
        Assert.True(queue.TryPut(Of(2 * MostBytes)));
        Assert.False(queue.TryPut(Of(0)));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Together_they_fill_it_to_the_byte(int beyond, bool isTaken)
    {
        var queue = new EventQueue(3);
        Assert.True(queue.TryPut(Of(1)));
        Assert.Equal(isTaken, queue.TryPut(Of(MostBytes - (2 * EventBytes) - 1 + beyond)));
    }

    [Fact]
    public async Task What_was_read_makes_room_and_the_reader_is_told_before_the_last()
    {
        var queue = new EventQueue(3);
        var emptied = 0;
        var read = new List<int>();
        Assert.True(queue.TryPut(Of(MostBytes)));
        await using var told = queue.ReadAsync(() => emptied++, default).GetAsyncEnumerator();
        for (var i = 1; i <= 3; i++)
        {
            Assert.True(await told.MoveNextAsync());
            read.Add(((ChannelMessage)told.Current).Data.Length);
            Assert.Equal(i, emptied);
            Assert.True(queue.TryPut(Of(MostBytes + i)));
        }

        queue.Complete(null);
        Assert.True(await told.MoveNextAsync());
        Assert.False(await told.MoveNextAsync());
        Assert.Equal([MostBytes, MostBytes + 1, MostBytes + 2], read);
    }

    private static ChannelMessage Of(int bytes) => new("a") { Data = new byte[bytes] };
}
