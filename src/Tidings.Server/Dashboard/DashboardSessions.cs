using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tidings.AspNetCore.Keys;
using Tidings.Security.Identities;

namespace Tidings.Server.Dashboard;

/// <summary>Sessions of those who have shown the admin key: a cookie says which and until when, sealed with a key that is derived from that one. So every node that
/// has the admin key knows them, and another admin key ends them all. Only those that were signed out are remembered, as revoked tokens are.</summary>
internal sealed class DashboardSessions(string adminKey, TimeProvider time, Revocations revocations)
{
    public const string Cookie = "tidings_dashboard";

    /// <summary>How long a session lives that is not used.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    /// <summary>How long any session lives.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    // No token's id begins so that a user could come by it: it is random.
    private const string IdPrefix = "dashboard:";
    private const int IdLength = 16;
    private const int SealedLength = IdLength + (2 * sizeof(long));
    private const int Length = SealedLength + HMACSHA256.HashSizeInBytes;

    /// <summary>The key that is shown to begin one.</summary>
    public string AdminKey => adminKey;

    private readonly byte[] _admin = SHA256.HashData(Encoding.UTF8.GetBytes(adminKey));
    private readonly byte[] _seal = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(adminKey), HMACSHA256.HashSizeInBytes, info: "tidings dashboard session"u8.ToArray());

    /// <summary>Whether it is the admin key; it takes the same time whatever it is.</summary>
    public bool IsAdminKey(string key) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(key)), _admin);

    /// <summary>The session of a request, where it has not ended. One that is used in its second half is renewed.</summary>
    public AdminSession? Find(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is not { } text || Read(text) is not var (id, began, ends))
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (now >= ends || now >= began + Longest || revocations.CoverToken(id))
        {
            return null;
        }

        if (ends - now < Idle / 2 && !context.Response.HasStarted)
        {
            Give(context, id, began);
        }

        return new AdminSession(id);
    }

    /// <summary>Begins a session.</summary>
    public void Begin(HttpContext context) => Give(context, IdPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength)), time.GetUtcNow());

    /// <summary>Has the browser forget its session.</summary>
    public static void End(HttpContext context) => context.Response.Cookies.Delete(Cookie, Options(context));

    private void Give(HttpContext context, string id, DateTimeOffset began)
    {
        var now = time.GetUtcNow();
        var ends = now + Idle < began + Longest ? now + Idle : began + Longest;
        var options = Options(context);
        options.MaxAge = ends - now;
        context.Response.Cookies.Append(Cookie, Write(id, began, ends), options);
    }

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = context.Request.PathBase + DashboardEndpoints.Root,
        IsEssential = true,
    };

    private string Write(string id, DateTimeOffset began, DateTimeOffset ends)
    {
        Span<byte> bytes = stackalloc byte[Length];
        Convert.FromHexString(id.AsSpan(IdPrefix.Length), bytes, out _, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[IdLength..], began.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(bytes[(IdLength + sizeof(long))..], ends.ToUnixTimeMilliseconds());
        HMACSHA256.HashData(_seal, bytes[..SealedLength], bytes[SealedLength..]);
        return Base64Url.EncodeToString(bytes);
    }

    private (string Id, DateTimeOffset Began, DateTimeOffset Ends)? Read(string text)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (text.Length != Base64Url.GetEncodedLength(Length) || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != Length)
        {
            return null;
        }

        Span<byte> seal = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_seal, bytes[..SealedLength], seal);
        return CryptographicOperations.FixedTimeEquals(seal, bytes[SealedLength..])
            ? (IdPrefix + Convert.ToHexStringLower(bytes[..IdLength]), TimeOf(bytes[IdLength..]), TimeOf(bytes[(IdLength + sizeof(long))..]))
            : null;
    }

    private static DateTimeOffset TimeOf(ReadOnlySpan<byte> bytes) => DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes));
}
