using Tidings.Faults.Processes;

namespace Tidings.Faults.World;

/// <summary>Others who write to the same disk, and wait for it, until it is disposed.</summary>
internal sealed class DiskPressure : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tidings-pressure-").FullName;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _writing;

    public DiskPressure(int writers = 2) => _writing = [.. Enumerable.Range(0, writers).Select(i => WriteAsync(Path.Combine(_directory, $"{i}")))];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Directory.Delete(_directory, recursive: true);
        _end.Dispose();
    }

    private async Task WriteAsync(string file)
    {
        while (!_end.IsCancellationRequested)
        {
            await using var dd = await ChildProcess.StartAsync("dd", ["if=/dev/zero", $"of={file}", "bs=1M", "count=48", "conv=fsync", "status=none"]);
            await dd.WaitAsync(_end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
