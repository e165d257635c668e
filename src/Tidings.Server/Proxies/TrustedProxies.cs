using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Keys;
using Tidings.Options;

namespace Tidings.Server.Proxies;

/// <summary>Whose forwarded headers say where a request comes from: those of the proxies that are named, and nobody else's.</summary>
internal static class TrustedProxies
{
    /// <summary>What is wrong with the list.</summary>
    public static IEnumerable<string> Faults(IEnumerable<string> proxies) => proxies
        .Where(static proxy => !IPAddress.TryParse(proxy, out _) && !System.Net.IPNetwork.TryParse(proxy, out _))
        .Select(static proxy => $"Tidings:TrustedProxies has \"{OptionFault.Shown(proxy)}\"; it must be addresses or networks, as 10.0.0.5 or 10.0.0.0/8.");

    /// <summary>Reads <c>X-Forwarded-For</c>, <c>-Proto</c> and <c>-Host</c> of requests that come through these proxies; what others send is
    /// told of once, and means nothing.</summary>
    public static void Use(IApplicationBuilder app, IReadOnlyCollection<string> proxies, ForwardingNotice notice)
    {
        if (proxies.Count > 0)
        {
            // What is read is taken out of the request: note before that it was forwarded.
            app.Use(static (context, next) =>
            {
                DirectLocal.NoteForwarded(context);
                return next(context);
            });
            app.UseForwardedHeaders(Options(proxies));
        }

        app.Use((context, next) =>
        {
            notice.Look(context);
            return next(context);
        });
    }

    /// <summary>Tells whether an address is one of <paramref name="proxies"/>.</summary>
    public static Func<IPAddress, bool> Matcher(IReadOnlyCollection<string> proxies)
    {
        if (proxies.Count == 0)
        {
            return static _ => false;
        }

        var options = Options(proxies);
        return address =>
        {
            var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            return options.KnownProxies.Contains(plain) || options.KnownIPNetworks.Any(network => network.Contains(plain));
        };
    }

    private static ForwardedHeadersOptions Options(IReadOnlyCollection<string> proxies)
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,

            // From the last proxy back as far as they are trusted, however many there are.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
            {
                options.KnownProxies.Add(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
            }
            else
            {
                options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
            }
        }

        return options;
    }
}
