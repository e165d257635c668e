using System.ComponentModel.DataAnnotations;

namespace Tidings.Server.Demo;

/// <summary>The task <c>demo</c>: files that are worked on one by one, each for a moment.</summary>
internal static class DemoTask
{
    public const string Name = "demo";

    /// <summary>What it is given.</summary>
    /// <param name="Files">How many files there are.</param>
    /// <param name="Milliseconds">How long each takes.</param>
    internal sealed record Args([property: Range(1, 1000)] int Files = 20, [property: Range(1, 10_000)] int Milliseconds = 400);

    /// <summary>What comes of it.</summary>
    internal sealed record Result(int Files);

    public static async Task<Result> RunAsync(Args? args, TaskProgress progress, TimeProvider time, CancellationToken cancellationToken)
    {
        var (files, milliseconds) = args ?? new Args();
        for (var i = 1; i <= files; i++)
        {
            progress.Log($"file-{i:000}.csv");
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellationToken);
            progress.Report(100.0 * i / files, $"{i} of {files} files");
        }

        return new Result(files);
    }
}
