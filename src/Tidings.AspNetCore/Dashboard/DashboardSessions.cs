using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Keys;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>Sessions of those who have shown the admin key, or signed in at a provider: a cookie says which and until when, sealed with a key that is derived from that one. So every node that
/// has the admin key knows them, and another admin key ends them all. Only those that were signed out are remembered, as revoked tokens are.</summary>
internal sealed class DashboardSessions(string adminKey, DashboardPlace place, TimeProvider time, Revocations revocations)
{
    public const string Cookie = "tidings_dashboard";

    /// <summary>How long a session lives that is not used.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromHours(1);

    /// <summary>How long any session lives.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    /// <summary>How many characters the name of somebody who has signed in may have.</summary>
    public const int LongestName = 128;

    // No token's id begins so that a user could come by it: it is random.
    private const string IdPrefix = "dashboard:";
    private const int IdLength = 16;

    // The id, when it began and ends, whether its user may act; then who that is, which for the holder of the admin key is nobody.
    private const int HeadLength = IdLength + (2 * sizeof(long)) + 1;
    private const int LongestUser = 4 * LongestName;
    private const int LongestBytes = HeadLength + LongestUser + HMACSHA256.HashSizeInBytes;

    /// <summary>The key that is shown to begin one.</summary>
    public string AdminKey => adminKey;

    private readonly byte[] _admin = SHA256.HashData(Encoding.UTF8.GetBytes(adminKey));
    private readonly byte[] _seal = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(adminKey), HMACSHA256.HashSizeInBytes, info: "tidings dashboard session 2"u8.ToArray());

    /// <summary>Whether it is the admin key; it takes the same time whatever it is.</summary>
    public bool IsAdminKey(string key) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(key)), _admin);

    /// <summary>The session of a request, where it has not ended. One that is used in its second half is renewed.</summary>
    public AdminSession? Find(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is not { } text || Read(text) is not var (session, began, ends))
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (now >= ends || now >= began + Longest || revocations.CoverToken(session.Id))
        {
            return null;
        }

        if (ends - now < Idle / 2 && !context.Response.HasStarted)
        {
            Give(context, session, began);
        }

        return session;
    }

    /// <summary>Begins a session.</summary>
    /// <param name="context">The request.</param>
    /// <param name="user">Who has signed in, at most <see cref="LongestName"/> characters; null for a holder of the admin key.</param>
    /// <param name="mayAct">Whether more than looking is allowed.</param>
    public void Begin(HttpContext context, string? user = null, bool mayAct = true) =>
        Give(context, new AdminSession(IdPrefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength)), user, mayAct), time.GetUtcNow());

    /// <summary>Has the browser forget its session.</summary>
    public void End(HttpContext context) => context.Response.Cookies.Delete(Cookie, Options(context));

    private void Give(HttpContext context, AdminSession session, DateTimeOffset began)
    {
        var now = time.GetUtcNow();
        var ends = now + Idle < began + Longest ? now + Idle : began + Longest;
        var options = Options(context);
        options.MaxAge = ends - now;
        context.Response.Cookies.Append(Cookie, Write(session, began, ends), options);
    }

    private CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = place.In(context),
        IsEssential = true,
    };

    private string Write(AdminSession session, DateTimeOffset began, DateTimeOffset ends)
    {
        var user = Encoding.UTF8.GetBytes(session.User ?? "");
        var sealedLength = HeadLength + user.Length;
        Span<byte> bytes = stackalloc byte[sealedLength + HMACSHA256.HashSizeInBytes];
        Convert.FromHexString(session.Id.AsSpan(IdPrefix.Length), bytes, out _, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[IdLength..], began.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(bytes[(IdLength + sizeof(long))..], ends.ToUnixTimeMilliseconds());
        bytes[HeadLength - 1] = session.MayAct ? (byte)1 : (byte)0;
        user.CopyTo(bytes[HeadLength..]);
        HMACSHA256.HashData(_seal, bytes[..sealedLength], bytes[sealedLength..]);
        return Base64Url.EncodeToString(bytes);
    }

    private (AdminSession Session, DateTimeOffset Began, DateTimeOffset Ends)? Read(string text)
    {
        Span<byte> bytes = stackalloc byte[LongestBytes];
        if (text.Length > Base64Url.GetEncodedLength(LongestBytes)
            || Base64Url.DecodeFromChars(text, bytes, out _, out var length) != OperationStatus.Done || length < HeadLength + HMACSHA256.HashSizeInBytes)
        {
            return null;
        }

        var sealedBytes = bytes[..(length - HMACSHA256.HashSizeInBytes)];
        Span<byte> seal = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_seal, sealedBytes, seal);
        if (!CryptographicOperations.FixedTimeEquals(seal, bytes[sealedBytes.Length..length]))
        {
            return null;
        }

        var user = sealedBytes.Length > HeadLength ? Encoding.UTF8.GetString(sealedBytes[HeadLength..]) : null;
        return (new AdminSession(IdPrefix + Convert.ToHexStringLower(bytes[..IdLength]), user, bytes[HeadLength - 1] == 1), TimeOf(bytes[IdLength..]), TimeOf(bytes[(IdLength + sizeof(long))..]));
    }

    private static DateTimeOffset TimeOf(ReadOnlySpan<byte> bytes) => DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes));
}
