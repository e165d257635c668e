using System.Text.Json;
using Tidings.Security.Issuers;

namespace Tidings.Tests.Security.Issuers;

/// <summary>Answers what a test has written, and counts.</summary>
internal sealed class ScriptedHttp : IIssuerHttp
{
    private int _asked;
    private int _atOnce;
    private int _mostAtOnce;

    public Dictionary<string, string> Documents { get; } = [];

    /// <summary>Why nothing is answered; null where it is.</summary>
    public string? Fault { get; set; }

    /// <summary>What answers wait for.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public int Asked => Volatile.Read(ref _asked);

    public int MostAtOnce => Volatile.Read(ref _mostAtOnce);

    public async Task<JsonDocument> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        var now = Interlocked.Increment(ref _atOnce);
        _mostAtOnce = Math.Max(_mostAtOnce, now);
        try
        {
            await (Gate?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
            return Fault is { } fault ? throw new IssuerException(fault)
                : Documents.TryGetValue(address.AbsoluteUri, out var text) ? JsonDocument.Parse(text)
                : throw new IssuerException($"{address} is not there");
        }
        finally
        {
            Interlocked.Decrement(ref _atOnce);
        }
    }
}
