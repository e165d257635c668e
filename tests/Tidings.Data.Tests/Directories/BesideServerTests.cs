using System.Formats.Tar;
using System.Text;
using Tidings.Data.Directories;
using Tidings.Data.Tests.World;

namespace Tidings.Data.Tests.Directories;

/// <summary>A directory that is written to all the time is checked and backed up meanwhile.</summary>
public sealed class BesideServerTests : IAsyncDisposable
{
    private readonly DataWorld _world = new(TimeProvider.System);
    private readonly string _files = Directory.CreateTempSubdirectory("tidings-backup-").FullName;

    [Fact]
    public async Task A_check_finds_no_damage_where_there_is_none()
    {
        await BesidePublishersAsync(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                var report = await Task.Run(() => DataReport.Read(_world.Layout.Root));
                Assert.Empty(report.Damage);
                Assert.True(report.InUse);
            }
        });
    }

    [Fact]
    public async Task A_check_finds_damage_beside_a_server_too()
    {
        await BesidePublishersAsync(() => Task.CompletedTask);
        await using (var file = new FileStream(_world.Layout.Segment(1), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = 5000;
            file.Write("something else"u8);
        }

        Assert.Contains(DataReport.Read(_world.Layout.Root).Damage, one => one.StartsWith($"{_world.Layout.Segment(1)} is whole up to byte ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_backup_has_all_of_each_log_up_to_one_moment()
    {
        await BesidePublishersAsync(async () =>
        {
            for (var i = 0; i < 3; i++)
            {
                await BackUpAsync(i);
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        Directory.Delete(_files, recursive: true);
    }

    private async Task BackUpAsync(int round)
    {
        var said = (await _world.Node!.ReadAsync("c0")).Top.Offset;
        var file = Path.Combine(_files, $"{round}.tar");
        await Task.Run(() => DataBackup.Write(_world.Layout.Root, file));
        await using var restored = new DataWorld(TimeProvider.System, Path.Combine(_files, $"restored{round}"));
        Directory.CreateDirectory(restored.Layout.Root);
        await TarFile.ExtractToDirectoryAsync(file, restored.Layout.Root, overwriteFiles: false);
        Assert.Empty(DataReport.Read(restored.Layout.Root).Damage);
        var part = await restored.Start().ReadAsync("c0", last: 1_000_000);
        Assert.InRange(part.Top.Offset, said, long.MaxValue);
        Assert.Equal(Enumerable.Range(1, (int)part.Top.Offset).Select(static i => (long)i), part.Messages.Select(static message => message.Offset));
        Assert.All(part.Messages, static message => Assert.StartsWith($"{message.Offset} ", Encoding.UTF8.GetString(message.Data.Bytes.Span), StringComparison.Ordinal));
    }

    // Until both have ended, so many that segments are begun and filled meanwhile.
    private async Task BesidePublishersAsync(Func<Task> work)
    {
        const int Most = 25_000;
        var node = _world.Start();
        using var end = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, 2).Select(publisher => Task.Run(async () =>
        {
            for (var i = 1; i <= Most && (i < 200 || !end.IsCancellationRequested); i++)
            {
                await node.SayAsync($"c{publisher}", $"{i} " + new string('x', 2000), history: Most, durable: i % 50 == 0);
            }
        })).ToList();
        try
        {
            await work();
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(publishers);
        }
    }
}
