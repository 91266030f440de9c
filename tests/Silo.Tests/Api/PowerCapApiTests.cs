using System.Net;
using System.Net.Http.Json;
using System.Text;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Silo.Tests.Api;

/// <summary>What an agent is told of the power of its host, and who may ask.</summary>
[Collection(ProductCollection.Name)]
public sealed class PowerCapApiTests(ProductFixture product)
{
    [Fact]
    public async Task The_nearest_scope_of_the_hardware_that_sets_a_cap_is_the_order_and_a_key_of_another_host_hears_nothing()
    {
        using var agent = await product.ClientOf("agent", "cap-host");
        using var other = await product.ClientOf("agent", "another-host");
        var address = new Uri("/v1/hosts/cap-host/power-cap", UriKind.Relative);

        var before = await agent.GetFromJsonAsync(address, WireJson.Default.PowerCapOrder);
        await Put("host/cap-host", """{"document":{"power_cap_mode":"enforce","power_cap_ratio":0.8},"reason":"hot row"}""");
        await Task.Delay(1100); // What is in force is read at most once a second.
        var after = await agent.GetFromJsonAsync(address, WireJson.Default.PowerCapOrder);

        Assert.Equal(("cap-host", PowerCapMode.Advise, 1d), (before!.Host, before.Mode, before.Ratio));
        Assert.Equal((PowerCapMode.Enforce, 0.8, true), (after!.Mode, after.Ratio, after.PolicyVersion > before.PolicyVersion));
        Assert.Equal(HttpStatusCode.Forbidden, (await other.GetAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await product.Viewer.GetAsync(address)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await product.Product.Client().GetAsync(address)).StatusCode);
    }

    [Fact]
    public async Task What_became_of_a_cap_is_shown_with_the_gpu_and_a_state_that_is_none_is_refused()
    {
        const string Batch = """{"source":"agent/cap-told","boot":"b1","host":"cap-told","gpus":[{"gpu":"GPU-cap-told","power_cap":{"state":"STATE","watts":490,"policy_version":12}}],"frames":[{"gpu":"GPU-cap-told","sequence":SEQ,"time":"TIME","seconds":1,"origin":"measured","power_average_watts":480}]}""";
        string Of(string state, int sequence) => Batch.Replace("STATE", state, StringComparison.Ordinal).Replace("SEQ", $"{sequence}", StringComparison.Ordinal).Replace("TIME", $"{TimeProvider.System.GetUtcNow():O}", StringComparison.Ordinal);

        using var told = await product.Agent.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), new StringContent(Of("enforced", 1), Encoding.UTF8, "application/json"));
        using var wrong = await product.Agent.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), new StringContent(Of("hoped", 2), Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.OK, told.StatusCode);
        Assert.Contains("power_cap has another state", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var shown = "";
        for (var i = 0; i < 100 && !shown.Contains("enforced", StringComparison.Ordinal); i++)
        {
            await Task.Delay(100);
            shown = await (await product.Viewer.GetAsync(new Uri("/v1/gpus/GPU-cap-told", UriKind.Relative))).Content.ReadAsStringAsync();
        }

        Assert.Contains("\"power_cap\":{\"state\":\"enforced\",\"watts\":490", shown, StringComparison.Ordinal);
    }

    private async Task Put(string scope, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/v1/policies/" + scope, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
        using var answer = await product.Administrator.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
