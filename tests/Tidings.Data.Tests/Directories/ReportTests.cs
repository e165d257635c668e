using Tidings.Data.Directories;
using Tidings.Data.Tests.World;

namespace Tidings.Data.Tests.Directories;

/// <summary>What a check says of the next start is what the next start does; what a backup refuses; who may read the files.</summary>
public sealed class ReportTests : IAsyncDisposable
{
    private readonly DataWorld _world = new();

    [Fact]
    public async Task A_damaged_database_stops_the_next_start_and_a_check_says_so()
    {
        await WriteAsync();
        await File.WriteAllTextAsync(_world.Layout.State, new string('x', 5000));
        var report = DataReport.Read(_world.Layout.Root);
        Assert.Contains(report.Damage, one => one.StartsWith(_world.Layout.State, StringComparison.Ordinal));
        Assert.StartsWith("The next start stops: restore ", Assert.Single(report.Notes, static note => note.Contains("next start", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Throws<DataDirectoryException>(_world.Start);
    }

    [Fact]
    public async Task A_check_reads_streams_too_and_says_which_is_not_whole()
    {
        _world.Start();
        var streams = _world.Backplane.Streams;
        var heads = new[] { "whole", "short", "odd" }.ToDictionary(static name => name, static _ => new Tidings.Streams.StreamHead { Tag = "0123456789abcdef", ContentType = "text/plain", Length = 3 });
        foreach (var (name, head) in heads)
        {
            await streams.WriteAsync(name, null, head, "abc"u8.ToArray(), 0);
        }

        Assert.Equal((3, 0), (DataReport.Read(_world.Layout.Root).Streams, DataReport.Read(_world.Layout.Root).Damage.Count));
        await _world.StopAsync();
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_world.Layout.Streams};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "UPDATE chunks SET bytes = x'61' WHERE stream = (SELECT id FROM streams WHERE name = 'short'); UPDATE streams SET head = x'7b' WHERE name = 'odd'";
            command.ExecuteNonQuery();
        }

        Assert.Equal(
            [$"{_world.Layout.Streams} has of the stream short 1 bytes up to 1 in the place of 3", $"{_world.Layout.Streams} has a stream odd whose head cannot be read"],
            DataReport.Read(_world.Layout.Root).Damage);
        await File.WriteAllTextAsync(_world.Layout.Streams, new string('x', 5000));
        var report = DataReport.Read(_world.Layout.Root);
        Assert.Contains(report.Damage, one => one.StartsWith(_world.Layout.Streams, StringComparison.Ordinal));
        Assert.StartsWith("The next start stops: restore ", Assert.Single(report.Notes, static note => note.Contains("next start", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Throws<DataDirectoryException>(_world.Start);
    }

    [Fact]
    public async Task A_missing_manifest_begins_new_epochs_and_no_segment_is_said_to_be_damaged()
    {
        var epoch = await WriteAsync();
        File.Delete(_world.Layout.Manifest);
        var report = DataReport.Read(_world.Layout.Root);
        Assert.Equal([$"{_world.Layout.Manifest} is missing or damaged"], report.Damage);
        Assert.Equal(["The next start begins new epochs, as its manifest is missing or damaged. Messages that are whole stay."], report.Notes.Where(static note => note.Contains("next start", StringComparison.Ordinal)));
        var part = await _world.Start().ReadAsync("news", last: 10);
        Assert.NotEqual(epoch, part.Top.Epoch);
        Assert.Single(part.Messages);
        Assert.Empty(Directory.EnumerateFiles(_world.Layout.Root, "*.damaged", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_check_reads_messages_as_a_log_does()
    {
        var node = _world.Start();
        await node.Broker.PublishAsync(new Tidings.Brokers.Publication("news", Tidings.Messages.MessageData.Text("1")) { Key = new string('k', 1000) }, TestContext.Current.CancellationToken);
        await _world.StopAsync();
        Assert.EndsWith("a message that cannot be read", Assert.Single(DataReport.Read(_world.Layout.Root).Damage), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_overwrites_nothing_and_says_what_is_wrong_with_its_target()
    {
        await WriteAsync();
        var target = Path.Combine(_world.Layout.Root, "there.tar");
        await File.WriteAllTextAsync(target, "mine");
        foreach (var (file, why) in ((string, string)[])[(target, "is there already"), ("-", "not to standard output"), (_world.Layout.Logs, "is a directory"), (Path.Combine(target, "..", "nowhere", "b.tar"), "there is no directory")])
        {
            Assert.Contains(why, Assert.Throws<DataDirectoryException>(() => DataBackup.Write(_world.Layout.Root, file)).Message, StringComparison.Ordinal);
        }

        Assert.Equal("mine", await File.ReadAllTextAsync(target));
        Assert.Contains("There is no directory", Assert.Throws<DataDirectoryException>(() => DataReport.Read(Path.Combine(_world.Layout.Root, "nowhere"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a file", Assert.Throws<DataDirectoryException>(() => DataReport.Read(target)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_their_owner_reads_the_files_also_those_that_others_could_read_before()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has other rights.");
            return;
        }

        await WriteAsync();
        AssertPrivate();
        foreach (var file in Files())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        _world.Start();
        AssertPrivate();
        File.SetUnixFileMode(_world.Layout.Root, (UnixFileMode)0b111_111_111);
        Assert.Contains(DataReport.Read(_world.Layout.Root).Notes, static note => note.Contains("can be written by every user", StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_world.Layout.Root, "*", SearchOption.AllDirectories);

    private void AssertPrivate() => Assert.All(Files(), static file => Assert.Equal((UnixFileMode)0b110_000_000, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file)));

    private async Task<string> WriteAsync()
    {
        var epoch = (await _world.Start().SayAsync("news", "one", history: 10)).Epoch;
        await _world.StopAsync();
        return epoch;
    }
}
