using System.Security.Cryptography;

namespace Tidings.Events;

/// <summary>How long is waited before something is told again.</summary>
internal static class DeliveryBackoff
{
    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>The longest wait of somebody who is there, and takes nothing: what happens next may be taken.</summary>
    public static readonly TimeSpan LongestOfRefusals = TimeSpan.FromSeconds(5);

    /// <summary>How long something is told again and again; what happened longer ago is dropped when it fails once more.</summary>
    public static readonly TimeSpan GivesUp = TimeSpan.FromDays(1);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    /// <summary>Anything up to 1 s, 2 s, 4 s … 10 min, so that those who failed together do not come back together; no less than the receiver asks for.</summary>
    /// <param name="failures">How often it has failed, from 1 on.</param>
    /// <param name="retryAfter">What the receiver has asked for.</param>
    public static TimeSpan After(int failures, TimeSpan? retryAfter = null)
    {
        var most = Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 20)), Longest.TotalMilliseconds);
        var wait = TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32((int)most + 1));
        var asked = retryAfter is { } least && least < Longest ? least : retryAfter is null ? TimeSpan.Zero : Longest;
        return wait > asked ? wait : asked;
    }
}
