using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.Security.Identities;

/// <summary>A secret that stands for a user, whichever client shows it: made at random, and kept as a hash alone, so that a look into memory or the
/// timing of a lookup tells nothing of it.</summary>
internal static class BearerSecret
{
    private const int Bytes = 32;

    /// <summary>43 URL-safe characters.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
