using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Tidings.Server.Site;

/// <summary>A file that is part of the program, as it goes out: read and compressed once.</summary>
internal sealed class SiteFile
{
    private readonly byte[] _plain;
    private readonly byte[] _compressed;
    private readonly string _contentType;
    private readonly string _tag;

    private SiteFile(string name, byte[] bytes)
    {
        _plain = bytes;
        _compressed = Compress(bytes);
        _contentType = TypeOf(name);
        _tag = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
    }

    /// <summary>Reads a resource of this program.</summary>
    public static SiteFile Read(string name) => new(name, ReadBytes(name));

    /// <summary>The same as text.</summary>
    public static string ReadText(string name) => Encoding.UTF8.GetString(ReadBytes(name));

    /// <summary>Answers with the file, or with 304 to whoever has it. It is asked for anew each time, so that an update is seen at once.</summary>
    public IResult Serve(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-cache";
        headers.Append("Vary", "Accept-Encoding");
        var compressed = context.Request.GetTypedHeaders().AcceptEncoding.Any(static encoding => encoding.Value == "gzip" && encoding.Quality is not 0);
        if (compressed)
        {
            headers.ContentEncoding = "gzip";
        }

        return TypedResults.Bytes(compressed ? _compressed : _plain, _contentType, entityTag: new EntityTagHeaderValue(compressed ? $"\"{_tag}-gzip\"" : $"\"{_tag}\""));
    }

    private static byte[] ReadBytes(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
}
